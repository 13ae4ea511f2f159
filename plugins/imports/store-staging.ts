import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ClientBase } from 'pg'
import { from } from 'pg-copy-streams'
import type { Batch } from './batch.ts'

/**
 * The staging table: a batch is brought to the database in one go, then sets decide what becomes of it. It is
 * temporary (no write-ahead log) and gone with the transaction, so it also works behind PgBouncer.
 */

/** Brings a batch into a fresh `staging` table, whose columns are `line` and those of the kind. */
export async function stageRows(client: ClientBase, batch: Batch): Promise<void> {
  const { columns } = batch.kind
  const definitions = columns.map(({ name, type }) => `${quoteName(name)} ${type}`)
  await client.query(`CREATE TEMPORARY TABLE staging (line bigint, ${definitions.join(', ')}) ON COMMIT DROP`)
  // In one piece: the next batch is read meanwhile, and bits of this one would wait for the loop again and again.
  const text = Readable.from([Buffer.concat(batch.chunks)])
  await pipeline(text, client.query(from('COPY staging FROM STDIN')))
}

/** Names of columns come from the kinds' own lists, never from a file; some are words of SQL. */
export function quoteName(name: string): string {
  return `"${name}"`
}
