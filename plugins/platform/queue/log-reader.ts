import { type FileHandle, open } from 'node:fs/promises'
import { frameBytes, readFrame } from './log-format.ts'
import type { Segment } from './log-writer.ts'

export interface LogReader {
  /** The next record, or null while there is none. Rejects with the system's error; may be called again. */
  read(): Promise<string | null>
  /** Everything before was read. */
  readonly position: number
  close(): Promise<void>
}

export interface LogReaderOptions {
  /** The next segment behind `sequence`, or null. */
  next(sequence: number): Segment | null
  /** Whether records may still be appended to a segment. */
  isActive(segment: Segment): boolean
  /** Where to begin in the first segment, in bytes. */
  offset: number
}

/** Bytes that are read at a time, unless a record is larger. */
const CHUNK = 256 * 1024

/**
 * Reads the records of segments one after the other, a chunk at a time. Where a segment is damaged or ends
 * amid a record, its `damage` is set, and reading goes on with the next.
 */
export function createLogReader({ next, isActive, offset }: LogReaderOptions): LogReader {
  let segment: Segment | null = null
  let file: FileHandle | null = null
  let sequence = 0
  let position = offset
  let buffer = Buffer.allocUnsafe(CHUNK)
  /** Part of `buffer` with bytes of the file; `at`: the next record in it, `base`: its place in the file. */
  let bytes = buffer.subarray(0, 0)
  let at = 0
  let base = offset

  /** Brings the record at `at` into memory; gives why that is not possible. */
  async function fill(from: Segment): Promise<string | null> {
    const needed = frameBytes(bytes, at)
    const left = from.bytes - base - at
    // A damaged length must not make us allocate gigabytes.
    if (needed > left) return `the record at byte ${base + at} is cut off`
    const rest = bytes.subarray(at)
    const target = needed > buffer.length || buffer.length > CHUNK ? allocate(needed) : buffer
    rest.copy(target)
    base += at
    at = 0
    buffer = target
    bytes = target.subarray(0, rest.length)
    try {
      file ??= await open(from.path, 'r')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'it is gone'
      throw error
    }
    const wanted = Math.min(target.length, left) - rest.length
    const { bytesRead } = await file.read(target, rest.length, wanted, base + rest.length)
    bytes = target.subarray(0, rest.length + bytesRead)
    return bytesRead > 0 ? null : `it has ${base + rest.length} bytes instead of ${from.bytes}`
  }

  async function leave(ended: Segment): Promise<void> {
    position = ended.start + ended.bytes
    sequence = ended.sequence
    segment = null
    bytes = buffer.subarray(0, 0)
    at = 0
    base = 0
    await close()
  }

  async function close(): Promise<void> {
    const ended = file
    file = null
    await ended?.close()
  }

  return {
    get position() {
      return position
    },
    async read() {
      for (;;) {
        segment ??= next(sequence)
        if (segment === null) return null
        if (base + at >= segment.bytes) {
          if (isActive(segment)) return null
          await leave(segment)
          continue
        }
        const frame = readFrame(bytes, at)
        if (typeof frame === 'object') {
          at = frame.end
          position = segment.start + base + at
          return frame.record
        }
        let damage = frame === 'damaged' ? `the record at byte ${base + at} is damaged` : null
        if (frame === 'incomplete') {
          damage = await fill(segment)
          if (damage === null) continue
        }
        if (damage !== null) segment.damage = damage
        await leave(segment)
      }
    },
    close
  }
}

const allocate = (needed: number) => Buffer.allocUnsafe(Math.max(needed, CHUNK))
