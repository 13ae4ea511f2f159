import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ClientBase } from 'pg'
import { from } from 'pg-copy-streams'
import type { Batch } from './batch.ts'

/**
 * The staging table: COPY sends a batch to the database at once, then SQL processes it as a set. The table is
 * temporary (no write-ahead log) and ends with the transaction, so it also works behind PgBouncer.
 */

/**
 * Copies a batch into a new `staging` table. Its columns are `line`, those of the kind, and `file_id`, which
 * keeps the id in the file of a row that gets another one.
 */
export async function stageRows(client: ClientBase, batch: Batch): Promise<void> {
  const { columns } = batch.kind
  const names = columns.map(({ name }) => quoteName(name))
  const definitions = columns.map(({ name, type }) => `${quoteName(name)} ${type}`)
  await client.query(
    `CREATE TEMPORARY TABLE staging (line bigint, ${definitions.join(', ')}, file_id bigint) ON COMMIT DROP`
  )
  // Send one buffer: meanwhile the next batch is read, and each small chunk would wait for an event-loop
  // tick.
  const text = Readable.from([Buffer.concat(batch.chunks)])
  await pipeline(text, client.query(from(`COPY staging (line, ${names.join(', ')}) FROM STDIN`)))
}

/** Column names come from the kinds' own lists, never from a file; some are SQL keywords. */
export function quoteName(name: string): string {
  return `"${name}"`
}
