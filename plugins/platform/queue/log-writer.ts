import type { FileHandle } from 'node:fs/promises'
import { maxFrameBytes, writeFrame } from './log-format.ts'

/** A file of the log. Positions count the bytes of all files since the log was opened. */
export interface Segment {
  readonly sequence: number
  readonly path: string
  /** Position of its first byte. */
  readonly start: number
  /** Bytes that hold records. Bytes behind them are preallocated, or belong to a failed write. */
  bytes: number
  /** When its first record was written, by `performance.now()`. */
  readonly since: number
  /** Why the segment cannot be read to its end. */
  damage?: string
}

export interface LogWriter {
  /** Appends a record. Resolves when the disk has it, and rejects with the system's error. */
  append(record: string): Promise<void>
  /** The segment that records are appended to. */
  readonly active: Segment | null
  /** Upper bound of the bytes that wait to be written. */
  readonly waitingBytes: number
  /** Ends the active segment once no record waits to be written. */
  seal(): Promise<void>
}

interface Waiting {
  record: string
  done(): void
  fail(error: unknown): void
}

const MAX_SEGMENT_BYTES = 8 * 1024 * 1024

/**
 * Written behind the records when a file grows. Syncing bytes within the size of a file needs no journal
 * commit: a group takes 0.26 instead of 0.45 ms, and a third less CPU time (ext4).
 */
const ZEROS = Buffer.alloc(1024 * 1024)

/**
 * Group commit: records appended during a write share the next write. Files are opened with O_DSYNC, so a
 * write includes its fdatasync. `begin` opens a new segment.
 */
export function createLogWriter(begin: () => Promise<{ segment: Segment; file: FileHandle }>): LogWriter {
  let waiting: Waiting[] = []
  let waitingBytes = 0
  let writing: Promise<void> | null = null
  let current: { segment: Segment; file: FileHandle; allocated: number } | null = null
  let frames = Buffer.allocUnsafe(256 * 1024)

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting
      const bytes = waitingBytes
      waiting = []
      waitingBytes = 0
      try {
        await write(group, bytes)
        for (const { done } of group) done()
      } catch (error) {
        for (const { fail } of group) fail(error)
      }
    }
    writing = null
  }

  async function write(group: Waiting[], bytes: number): Promise<void> {
    current ??= { ...(await begin()), allocated: 0 }
    const { segment, file, allocated } = current
    if (frames.length < bytes) frames = Buffer.allocUnsafe(bytes * 2)
    let length = 0
    for (const { record } of group) length = writeFrame(frames, length, record)
    const parts = [frames.subarray(0, length)]
    if (segment.bytes + length > allocated) parts.push(ZEROS)
    try {
      const { bytesWritten } = await file.writev(parts, segment.bytes)
      // The disk is full and took only a part.
      if (bytesWritten < length) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      current.allocated = Math.max(allocated, segment.bytes + bytesWritten)
      segment.bytes += length
    } catch (error) {
      await undo()
      throw error
    }
    if (segment.bytes >= MAX_SEGMENT_BYTES) await end()
  }

  /** Truncates what a failed write left, because it would hide the records behind it. */
  async function undo(): Promise<void> {
    if (current === null) return
    current.allocated = current.segment.bytes
    await current.file.truncate(current.segment.bytes).catch(end)
  }

  async function end(): Promise<void> {
    const ended = current
    current = null
    await ended?.file.close().catch(() => undefined)
  }

  return {
    append(record) {
      waitingBytes += maxFrameBytes(record)
      return new Promise((done, fail) => {
        waiting.push({ record, done, fail })
        writing ??= writeAll()
      })
    },
    get active() {
      return current?.segment ?? null
    },
    get waitingBytes() {
      return waitingBytes
    },
    async seal() {
      while (writing !== null) await writing
      await end()
    }
  }
}
