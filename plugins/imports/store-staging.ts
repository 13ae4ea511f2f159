import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ClientBase } from 'pg'
import { from } from 'pg-copy-streams'
import type { Batch } from './batch.ts'

/**
 * The staging table: a batch is brought to the database in one go, then sets decide what becomes of it. It is
 * temporary (no write-ahead log) and gone with the transaction, so it also works behind PgBouncer.
 */

/**
 * Brings a batch into a fresh `staging` table, whose columns are `line`, those of the kind, and `file_id` for the id of a row that gets
 * another one.
 */
export async function stageRows(client: ClientBase, batch: Batch): Promise<void> {
  const { columns } = batch.kind
  const names = columns.map(({ name }) => quoteName(name))
  const definitions = columns.map(({ name, type }) => `${quoteName(name)} ${type}`)
  await client.query(
    `CREATE TEMPORARY TABLE staging (line bigint, ${definitions.join(', ')}, file_id bigint) ON COMMIT DROP`
  )
  // In one piece: the next batch is read meanwhile, and bits of this one would wait for the loop again and again.
  const text = Readable.from([Buffer.concat(batch.chunks)])
  await pipeline(text, client.query(from(`COPY staging (line, ${names.join(', ')}) FROM STDIN`)))
}

/** Names of columns come from the kinds' own lists, never from a file; some are words of SQL. */
export function quoteName(name: string): string {
  return `"${name}"`
}
