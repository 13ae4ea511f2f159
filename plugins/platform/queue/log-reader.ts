import { type FileHandle, open } from 'node:fs/promises'
import { frameBytes, readFrame } from './log-format.ts'
import type { Segment } from './log-writer.ts'

export interface LogReader {
  /** The next record, or null if there is none. Rejects with the system's error; a retry is safe. */
  read(): Promise<string | null>
  /** Everything before this position was read. */
  readonly position: number
  close(): Promise<void>
}

export interface LogReaderOptions {
  /** The first segment after `sequence`, or null. */
  next(sequence: number): Segment | null
  /** True if records may still be appended to the segment. */
  isActive(segment: Segment): boolean
  /** Byte offset at which to begin in the first segment. */
  offset: number
}

/** Bytes per read, unless a record is larger. */
const CHUNK = 256 * 1024

/**
 * Reads the records of segments in order, a chunk at a time. If a segment is damaged or ends within a record,
 * sets its `damage` and continues with the next segment.
 */
export function createLogReader({ next, isActive, offset }: LogReaderOptions): LogReader {
  let segment: Segment | null = null
  let file: FileHandle | null = null
  let sequence = 0
  let position = offset
  let buffer = Buffer.allocUnsafe(CHUNK)
  /**
   * Part of `buffer` that holds bytes of the file. `at`: the next record in it; `base`: its offset in the
   * file.
   */
  let bytes = buffer.subarray(0, 0)
  let at = 0
  let base = offset

  /** Loads the record at `at` into memory. Returns the reason if it cannot. */
  async function fill(from: Segment): Promise<string | null> {
    const needed = frameBytes(bytes, at)
    const left = from.bytes - base - at
    // A damaged length must not allocate gigabytes.
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
