import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Ajv } from 'ajv'
import { Nullable } from '#schema/shapes/text.ts'
import { type Static, Type } from '#schema/shapes/type.ts'
import { BackupError } from './backup-error.ts'
import type { Content, TransferOptions } from './snapshot.ts'

/**
 * A backup is a folder: TABLE.copy for each table, in COPY's text format, and manifest.json, written last.
 * See docs/adr/2026-11-30-backups-as-copy-files.md.
 */

const FORMAT = 1

const Name = Type.String({ pattern: '^\\w+$' })
const Count = Type.Integer({ minimum: 0 })

const Manifest = Type.Object({
  format: Type.Literal(FORMAT),
  /** The release that made the backup. */
  fairlead: Type.String(),
  created_at: Type.String(),
  /** Version of the source PostgreSQL. */
  postgres: Type.String(),
  revision: Type.Object({ hash: Type.String(), created_at: Type.String({ pattern: '^\\d+$' }) }),
  tables: Type.Array(
    Type.Object({
      name: Name,
      columns: Type.Array(Name),
      partitions: Type.Array(Name),
      rows: Count,
      bytes: Count,
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' })
    })
  ),
  sequences: Type.Array(
    Type.Object({
      name: Name,
      table: Name,
      column: Name,
      last: Nullable(Type.String({ pattern: '^\\d+$' }))
    })
  )
})

type Manifest = Static<typeof Manifest>
type Measured = Pick<Manifest['tables'][number], 'rows' | 'bytes' | 'sha256'>

/**
 * Writes `content` to a new folder `folder`. The folder gets its final name once all files are on the disk.
 * `made` holds the release and the version of PostgreSQL. Throws a {@link BackupError} if the folder exists.
 */
export async function writeBackup(
  folder: string,
  content: Content,
  made: Pick<Manifest, 'fairlead' | 'postgres' | 'created_at'>,
  { signal, onTable }: TransferOptions
): Promise<void> {
  const path = resolve(folder)
  if (await stat(path).catch(() => null))
    throw new BackupError(`${folder} is there already: name a folder that is not.`)
  await mkdir(dirname(path), { recursive: true })
  const draft = join(dirname(path), `.${basename(path)}.unfinished-${process.pid}`)
  // The backup holds hashes of keys and salts of visitor hashes, so only the user may read it.
  await mkdir(draft, { mode: 0o700 })
  try {
    const tables: Manifest['tables'] = []
    for (const table of content.tables) {
      const { measured, through } = measure()
      const file = createWriteStream(fileOf(draft, table.name), { flush: true, mode: 0o600 })
      await pipeline(content.read(table), through, file, { signal })
      tables.push({ ...table, ...measured() })
      onTable(table.name, measured().rows)
    }
    const sequences = [...(await content.sequences())]
    const manifest: Manifest = { format: FORMAT, ...made, revision: content.revision, tables, sequences }
    const text = `${JSON.stringify(manifest, null, 2)}\n`
    await writeFile(join(draft, 'manifest.json'), text, { flush: true, mode: 0o600 })
    await syncFolder(draft)
    await rename(draft, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
}

/**
 * Opens the backup in `folder`. Throws a {@link BackupError} when the manifest or a file is missing or has
 * another length. Reading a table rejects with one when the checksum differs.
 */
export async function openBackup(folder: string): Promise<Content & { manifest: Manifest }> {
  const manifest = await readManifest(folder)
  for (const { name, bytes } of manifest.tables) {
    const { size } = await stat(fileOf(folder, name)).catch(() => ({ size: -1 }))
    if (size !== bytes)
      throw damaged(folder, name, size === -1 ? 'is missing' : `has ${size} bytes, not ${bytes}`)
  }
  return {
    manifest,
    revision: manifest.revision,
    tables: manifest.tables,
    sequences: async () => manifest.sequences,
    async *read({ name }) {
      const { measured, through } = measure()
      yield* through(createReadStream(fileOf(folder, name)))
      const written = manifest.tables.find((table) => table.name === name)
      const { rows, sha256 } = measured()
      if (sha256 !== written?.sha256 || rows !== written.rows)
        throw damaged(folder, name, 'is not what was written')
    }
  }
}

async function readManifest(folder: string): Promise<Manifest> {
  let manifest: unknown
  try {
    manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))
  } catch (error) {
    throw new BackupError(`${folder} is no finished backup: ${(error as Error).message}. Use another one.`)
  }
  const { format } = manifest as { format?: unknown }
  if (typeof format === 'number' && format > FORMAT)
    throw new BackupError(`${folder} was made by a newer Fairlead. Use that release, or a newer one.`)
  if (!new Ajv({ strict: false }).validate<Manifest>(Manifest, manifest))
    throw new BackupError(`${folder} is damaged: manifest.json is not what was written. Use another backup.`)
  return manifest
}

const fileOf = (folder: string, table: string) => join(folder, `${table}.copy`)

const damaged = (folder: string, table: string, how: string) =>
  new BackupError(`${folder} is damaged: ${table}.copy ${how}. Use another backup.`)

/** Counts bytes and rows and hashes the stream. In COPY's text format each row is one line. */
function measure(): { through(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer>; measured(): Measured } {
  const hash = createHash('sha256')
  let rows = 0
  let bytes = 0
  let sha256 = ''
  return {
    async *through(chunks) {
      for await (const chunk of chunks) {
        bytes += chunk.length
        hash.update(chunk)
        for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) rows++
        yield chunk
      }
      sha256 = hash.digest('hex')
    },
    measured: () => ({ rows, bytes, sha256 })
  }
}

/** Makes the names in a folder survive a power failure (fsync of the folder). */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path)
  await handle.sync().finally(() => handle.close())
}
