import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

/**
 * The last resort: batches on the local disk, while neither Redis nor PostgreSQL takes them. Segments of
 * length- and CRC-checked records, appended and fsynced; a segment is replayed whole and then removed, so a crash
 * in between replays some batches twice, which their ids make harmless.
 */
export interface Spool {
  /** Appends a record; resolves when it is on the disk (fsync). Rejects when the disk does not take it. */
  append(record: string): Promise<void>
  /** Hands each record, oldest first, to `take`, and removes what was taken. Stops where `take` rejects. */
  replay(take: (record: string) => Promise<void>): Promise<number>
  /** Whether there is anything to replay. */
  readonly isEmpty: boolean
  close(): Promise<void>
}

export interface SpoolOptions {
  folder: string
  /** Told of a segment that ends amid a record (a crash) or is damaged. */
  onDamage(file: string, detail: string): void
}

const HEADER_BYTES = 8

/** A segment is read whole when it is replayed. */
const MAX_SEGMENT_BYTES = 8 * 1024 * 1024

/** Opens the spool in `folder`, which this process must own. What an earlier process left is replayed too. */
export async function openSpool({ folder, onDamage }: SpoolOptions): Promise<Spool> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  let segments = (await readdir(folder)).filter((name) => name.endsWith('.spool')).sort()
  let sequence = Number.parseInt(segments.at(-1) ?? '0', 10)
  let current: FileHandle | null = null
  let currentBytes = 0
  let writing: Promise<void> = Promise.resolve()

  async function write(record: string): Promise<void> {
    if (current === null) {
      const name = `${String(++sequence).padStart(12, '0')}.spool`
      current = await open(join(folder, name), 'a', 0o600)
      currentBytes = 0
      segments.push(name)
      await syncFolder(folder)
    }
    const segment = current
    const framed = frame(record)
    try {
      await segment.appendFile(framed)
      await segment.datasync()
      currentBytes += framed.length
      if (currentBytes < MAX_SEGMENT_BYTES) return
    } catch (error) {
      // A record that was cut off hides what comes after it: the next one begins a segment.
      current = null
      await segment.close().catch(() => undefined)
      throw error
    }
    current = null
    await segment.close()
  }

  async function endSegment(): Promise<void> {
    await writing
    const ended = current
    current = null
    await ended?.close()
  }

  return {
    append(record) {
      // One after the other, so that records never interleave; a failure is its own caller's.
      const written = writing.then(() => write(record))
      writing = written.catch(() => undefined)
      return written
    },
    get isEmpty() {
      return segments.length === 0
    },
    async replay(take) {
      let taken = 0
      await endSegment()
      for (const name of [...segments]) {
        const file = join(folder, name)
        const { records, damage } = readRecords(await readFile(file))
        for (const record of records) {
          await take(record)
          taken++
        }
        if (damage === null) await rm(file, { force: true })
        else {
          onDamage(file, damage)
          await rename(file, `${file}.damaged`)
        }
        segments = segments.filter((other) => other !== name)
      }
      return taken
    },
    close: endSegment
  }
}

/** Makes a new file's name outlive a power cut: its own fsync covers its bytes only (fsync(2)). */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

function frame(record: string): Buffer {
  const body = Buffer.from(record)
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(body.length, 0)
  header.writeUInt32LE(crc32(body), 4)
  return Buffer.concat([header, body])
}

/** The records of a segment up to the first that is cut off or damaged, and what is wrong with that one. */
function readRecords(bytes: Buffer): { records: string[]; damage: string | null } {
  const records: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + HEADER_BYTES + (at + HEADER_BYTES <= bytes.length ? bytes.readUInt32LE(at) : 0)
    if (at + HEADER_BYTES > bytes.length || end > bytes.length) {
      return { records, damage: `the record at byte ${at} is cut off` }
    }
    const body = bytes.subarray(at + HEADER_BYTES, end)
    if (crc32(body) !== bytes.readUInt32LE(at + 4))
      return { records, damage: `the record at byte ${at} is damaged` }
    records.push(body.toString())
    at = end
  }
  return { records, damage: null }
}
