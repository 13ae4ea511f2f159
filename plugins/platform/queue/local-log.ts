import { constants } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MARK, openMark } from './log-mark.ts'
import { createLogReader } from './log-reader.ts'
import { createLogWriter, type Segment } from './log-writer.ts'

/**
 * A queue on the local disk: segments of length- and CRC-checked records, appended and synced, read in order,
 * and deleted once their records are stored. A crash may have the last records read again, which the ids of
 * their items make harmless.
 */
export interface LocalLog {
  /** Appends a record; resolves when the disk has it. Rejects with {@link LogFull}, or the system's error. */
  append(record: string): Promise<void>
  /** The next record that was not read yet, or null while there is none. */
  read(): Promise<string | null>
  /** Says that everything before `position` is stored. */
  release(position: number): Promise<void>
  /** Positions, in bytes since the log was opened: where the log ends, what was read, and what is stored. */
  readonly end: number
  readonly position: number
  readonly stored: number
  /** Bytes that are not stored. */
  readonly bytes: number
  /** Age of the oldest record that is not stored, in milliseconds, to within a segment; 0 without one. */
  readonly oldestMs: number
  /** Leaves what is not stored to the next that opens the folder. */
  close(): Promise<void>
}

export interface LocalLogOptions {
  folder: string
  /** Most bytes that may wait before appends are refused. */
  maxBytes: number
  /** Called when a damaged segment was set aside; `isTail`: the last one, which a crash may cut off. */
  onDamage(file: string, detail: string, isTail: boolean): void
  /** True for a folder of another live process, of which nothing is changed. */
  isForeign?: boolean
}

/** The log has reached its bound. */
export class LogFull extends Error {
  override readonly name = 'LogFull'
}

/** Segments of this release, and those of earlier ones, which have no zeros behind their records. */
const SEGMENT = /^(\d{12})\.(log|spool)$/

/** A segment whose records are all stored is deleted when it has so many bytes. */
const WORTH_DELETING = 1024 * 1024

/** Opens the log in `folder`, which this process has locked unless it is foreign. */
export async function openLocalLog(options: LocalLogOptions): Promise<LocalLog> {
  const { folder, maxBytes, onDamage, isForeign = false } = options
  if (!isForeign) await mkdir(folder, { recursive: true, mode: 0o700 })
  const mark = await openMark(folder, isForeign)
  const segments = await findSegments(folder)
  const [first] = segments
  const lastFound = segments.at(-1)
  const offset = first?.sequence === mark.sequence && mark.offset <= first.bytes ? mark.offset : 0
  // Count other numbered files too: a segment that was set aside, or a stray folder.
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
    // A sync of the file does not cover its name (fsync(2)).
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

  /** Bytes on the disk: a segment is deleted as a whole. */
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

/** The segments in `folder`, oldest first; other files are none of ours. */
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

/** True if there is a log in `folder`, which need not be a folder. */
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

/** Makes the name of a new file survive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}
