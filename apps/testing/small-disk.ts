import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** A separate tmpfs as a disk that a test can fill. */
export interface SmallDisk {
  readonly path: string
  resize(megabytes: number): void
  remount(option: 'ro' | 'rw'): void
}

/** For tap's `skip` option: false if this user may mount, else the reason to skip. */
export function whyNoSmallDisk(): false | string {
  return process.platform === 'linux' && process.getuid?.() === 0 ? false : 'only root on Linux may mount'
}

/** Mounts a disk; it is unmounted with the test. */
export function mountSmallDisk(t: Test, megabytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'fairlead-disk-'))
  const mount = (options: string) => {
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], {
      encoding: 'utf8'
    })
    if (status !== 0) throw new Error(`mount ${path}: ${stderr}`)
  }
  mount(`size=${megabytes}m`)
  t.teardown(() => {
    spawnSync('umount', ['-l', path])
    rmSync(path, { recursive: true, force: true })
  })
  return {
    path,
    resize: (megabytes) => mount(`remount,size=${megabytes}m`),
    remount: (option) => mount(`remount,${option}`)
  }
}
