import { constants } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MARK, openMark } from './log-mark.ts'
import { createLogReader } from './log-reader.ts'
import { createLogWriter, type Segment } from './log-writer.ts'

/**
 * A queue on the local disk. Records with length and CRC are appended to segments, synced, and read in order.
 * A segment is deleted once its records are stored. A crash may cause the last records to be read again,
 * which the ids of their items make harmless.
 */
export interface LocalLog {
  /** Appends a record. Resolves when the disk has it; rejects with {@link LogFull} or the system's error. */
  append(record: string): Promise<void>
  /** The next unread record, or null if there is none. */
  read(): Promise<string | null>
  /** Marks everything before `position` as stored. */
  release(position: number): Promise<void>
  /**
   * Positions in bytes since the log was opened: the ends of the log, of what was read, and of what is
   * stored.
   */
  readonly end: number
  readonly position: number
  readonly stored: number
  /** Bytes that are not stored yet. */
  readonly bytes: number
  /** Age of the oldest record that is not stored, in milliseconds, to within a segment; 0 without one. */
  readonly oldestMs: number
  /** Closes the files. The next process that opens the folder reads the records that are not stored. */
  close(): Promise<void>
}

export interface LocalLogOptions {
  folder: string
  /** Maximum number of waiting bytes. Above it, appends are refused. */
  maxBytes: number
  /** Called when a damaged segment is set aside. `isTail`: the last segment, which a crash may truncate. */
  onDamage(file: string, detail: string, isTail: boolean): void
  /** True for the folder of another live process, which must not be changed. */
  isForeign?: boolean
}

/** Thrown when the log has reached its maximum size. */
export class LogFull extends Error {
  override readonly name = 'LogFull'
}

/** Segments of this release, and of earlier ones, which have no zeros behind their records. */
const SEGMENT = /^(\d{12})\.(log|spool)$/

/** Size above which a segment is deleted once all its records are stored. */
const WORTH_DELETING = 1024 * 1024

/** Opens the log in `folder`. This process must hold its lock unless the log is foreign. */
export async function openLocalLog(options: LocalLogOptions): Promise<LocalLog> {
  const { folder, maxBytes, onDamage, isForeign = false } = options
  if (!isForeign) await mkdir(folder, { recursive: true, mode: 0o700 })
  const mark = await openMark(folder, isForeign)
  const segments = await findSegments(folder)
  const [first] = segments
  const lastFound = segments.at(-1)
  const offset = first?.sequence === mark.sequence && mark.offset <= first.bytes ? mark.offset : 0
  // Other numbered files count too: a segment that was set aside, or a stray folder.
  const numbers = (await readdir(folder)).flatMap((name) =>
    /^\d{12}\./.test(name) ? Number.parseInt(name, 10) : []
  )
  let sequence = Math.max(mark.sequence, ...numbers)
  let stored = offset
  let isClosed = false
  let caughtUp = { position: offset, at: 0 }
  let oldestSince = 0

  const writer = createLogWriter(async () => {
    const path = join(folder, `${String(++sequence).padStart(12, '0')}.log`)
    const { O_CREAT, O_EXCL, O_WRONLY, O_DSYNC } = constants
    const file = await open(path, O_CREAT | O_EXCL | O_WRONLY | O_DSYNC, 0o600)
    // Syncing a file does not sync its name (fsync(2)).
    await syncFolder(folder).catch((error) => file.close().finally(() => Promise.reject(error)))
    const segment = { sequence, path, start: end(), bytes: 0, since: performance.now() }
    segments.push(segment)
    return { segment, file }
  })
  const reader = createLogReader({
    next: (after) => segments.find((one) => one.sequence > after) ?? null,
    isActive: (segment) => segment === writer.active,
    offset
  })

  function end(): number {
    const last = segments.at(-1)
    return last === undefined ? reader.position : last.start + last.bytes
  }

  async function drop(segment: Segment | undefined): Promise<void> {
    if (segment === undefined || isForeign) return
    const { path, damage } = segment
    if (damage === undefined) return rm(path, { force: true })
    await rename(path, `${path}.damaged`).catch(() => undefined)
    onDamage(path, damage, segment === lastFound)
  }

  /** Bytes on the disk. Segments are deleted as a whole. */
  const size = () => end() - (segments[0]?.start ?? end())

  return {
    append(record) {
      if (size() + writer.waitingBytes + record.length > maxBytes)
        return Promise.reject(new LogFull(`the log holds ${maxBytes} bytes, which is all it may`))
      return writer.append(record)
    },
    async read() {
      const record = await reader.read()
      if (record === null) caughtUp = { position: reader.position, at: performance.now() }
      return record
    },
    async release(position) {
      stored = position
      if (position >= caughtUp.position) oldestSince = caughtUp.at
      const { active } = writer
      const last = segments.at(-1)
      const isWhole = last !== undefined && last === active && stored >= end() && last.bytes >= WORTH_DELETING
      if (isWhole && writer.waitingBytes === 0) await writer.seal()
      const done = segments.filter((one) => one !== writer.active && one.start + one.bytes <= stored)
      const at = segments[done.length]
      await mark.write(at?.sequence ?? sequence + 1, at === undefined ? 0 : stored - at.start)
      segments.splice(0, done.length)
      for (const one of done) await drop(one)
    },
    get end() {
      return end()
    },
    get position() {
      return reader.position
    },
    get stored() {
      return stored
    },
    get bytes() {
      return end() - stored
    },
    get oldestMs() {
      if (stored >= end()) return 0
      return Math.max(0, performance.now() - Math.max(oldestSince, segments[0]?.since ?? 0))
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await writer.seal()
      await reader.close()
      const isEmpty = stored >= end()
      if (isEmpty) for (const one of segments.splice(0)) await drop(one)
      await mark.close()
      if (isEmpty && !isForeign) await rm(join(folder, MARK), { force: true })
    }
  }
}

/** The segments in `folder`, oldest first. Ignores other files. */
async function findSegments(folder: string): Promise<Segment[]> {
  const names = await listSegments(folder)
  let start = 0
  const segments: Segment[] = []
  for (const name of names) {
    const path = join(folder, name)
    const { size, mtimeMs } = await stat(path)
    const since = performance.now() - Math.max(0, Date.now() - mtimeMs)
    segments.push({ sequence: Number.parseInt(name, 10), path, start, bytes: size, since })
    start += size
  }
  return segments
}

/** True if `folder` contains a log. False if it is not a folder. */
export async function hasSegments(folder: string): Promise<boolean> {
  try {
    return (await listSegments(folder)).length > 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return false
    throw error
  }
}

async function listSegments(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && SEGMENT.test(entry.name))
    .map(({ name }) => name)
    .sort()
}

/** Syncs the folder, so that the name of a new file survives a power failure. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}
