import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { median } from './median.ts'

const BLOCK = Buffer.alloc(4_096)

/**
 * Returns the median time of `count` appends of 4 KiB, each with fdatasync(2), to a file in `folder`, in
 * milliseconds.
 */
export function measureFdatasync(folder: string, count = 200): number {
  const path = join(folder, 'fdatasync')
  const file = openSync(path, 'a')
  try {
    return median(
      Array.from({ length: count }, () => {
        const start = performance.now()
        writeSync(file, BLOCK)
        fdatasyncSync(file)
        return performance.now() - start
      })
    )
  } finally {
    closeSync(file)
    rmSync(path)
  }
}
