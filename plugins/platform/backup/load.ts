import { pipeline } from 'node:stream/promises'
import { type Client, escapeIdentifier } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { BackupError } from './backup-error.ts'
import {
  copyIn,
  ensurePartitions,
  hasRevision,
  list,
  readSequences,
  readTables,
  type Table
} from './catalog.ts'
import { type Content, type TransferOptions, WITHOUT_LIMITS } from './snapshot.ts'

/** Tables that a starting process fills. The loaded rows replace theirs. */
const FILLED_AT_START = ['visitor_salts']

/**
 * Loads `content` into the migrated, empty database of `client` in one transaction, and moves the sequences
 * past the largest ids. Throws a {@link BackupError} when the database has rows or lacks a migration of the
 * content.
 */
export async function loadContent(
  client: Client,
  content: Content,
  { signal, onTable }: TransferOptions
): Promise<void> {
  await client.query(`BEGIN; ${WITHOUT_LIMITS}; SET LOCAL lock_timeout = '10s'`)
  const own = await readTables(client)
  await checkRevision(client, content, own)
  // Blocks writers until the commit, so the database stays empty after the check.
  const names = list(own.map(({ name }) => name))
  await client.query(`LOCK TABLE ${names} IN SHARE ROW EXCLUSIVE MODE`).catch((error: Error) => {
    throw new BackupError('The database is being written to: stop its servers and workers.', { cause: error })
  })
  await client.query(FILLED_AT_START.map((name) => `DELETE FROM ${escapeIdentifier(name)}`).join(';'))
  await refuseRows(client, own)
  for (const table of content.tables) {
    signal.throwIfAborted()
    await ensurePartitions(client, table)
    const target = client.query(copyFrom(copyIn(table)))
    await pipeline(content.read(table), target, { signal })
    onTable(table.name, target.rowCount)
  }
  await resetSequences(client, content)
  await client.query('COMMIT')
  // Autovacuum would analyze only minutes later.
  await client.query('ANALYZE').catch(() => undefined)
}

async function checkRevision(
  client: Client,
  { revision, tables }: Content,
  own: readonly Table[]
): Promise<void> {
  if (!(await hasRevision(client, revision)))
    throw new BackupError(
      `It has a schema that this release does not know (migration ${revision.created_at}). Use the release that ` +
        'made it, or a newer one.'
    )
  for (const { name, columns } of tables) {
    const target = own.find((one) => one.name === name)
    const missing = columns.filter((column) => !target?.columns.includes(column))
    if (!target || missing.length > 0)
      throw new BackupError(
        `This release has no ${target ? `column ${missing.join(', ')} in the` : ''} table ${name}. Restore by the release ` +
          'that made the backup, then upgrade.'
      )
  }
}

async function refuseRows(client: Client, own: readonly Table[]): Promise<void> {
  for (const { name } of own) {
    const { rows } = await client.query<{ found: boolean }>(
      `SELECT EXISTS (SELECT FROM ${escapeIdentifier(name)}) AS found`
    )
    if (rows[0]?.found)
      throw new BackupError(
        `The database has rows already (in ${name}). Use an empty one: another DATA_DIR, or createdb and its DATABASE_URL.`
      )
  }
}

async function resetSequences(client: Client, content: Content): Promise<void> {
  const last = new Map((await content.sequences()).map((sequence) => [sequence.name, sequence.last]))
  for (const { name, table, column } of await readSequences(client)) {
    await client.query(
      `SELECT setval($1::regclass, value) FROM (SELECT greatest($2::bigint, max(${escapeIdentifier(column)})) AS value
       FROM ${escapeIdentifier(table)}) AS used WHERE value IS NOT NULL`,
      [escapeIdentifier(name), last.get(name) ?? null]
    )
  }
}
