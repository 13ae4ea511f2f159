import pg, { type Client, type ClientConfig } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { BackupError } from './backup-error.ts'
import {
  copyOut,
  type Revision,
  readRevision,
  readSequences,
  readTables,
  type Sequence,
  type Table
} from './catalog.ts'

/** The content of a backup, or of a live database as of one moment. */
export interface Content {
  /** The newest migration of the content. */
  readonly revision: Revision
  readonly tables: readonly Table[]
  /** The rows of a table in COPY's text format. Rejects when they are damaged. */
  read(table: Table): AsyncIterable<Buffer>
  /** The sequences, read after the rows so that no id of a row exceeds them. */
  sequences(): Promise<readonly Sequence[]>
}

/** Options of a copy to a folder or a database. */
export interface TransferOptions {
  /** Aborts the copy, which then removes its partial output. */
  signal: AbortSignal
  /** Called after each table. */
  onTable(name: string, rows: number): void
}

/** For long transactions. SET LOCAL, because PgBouncer gives the session to another client afterwards. */
export const WITHOUT_LIMITS =
  'SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0'

/**
 * Runs `work` on a new connection without query timeout, then closes it, which rolls back uncommitted
 * changes. `config` is that of node-postgres. Throws a {@link BackupError} when it cannot connect.
 */
export async function withConnection<T>(
  config: ClientConfig,
  work: (client: Client) => Promise<T>
): Promise<T> {
  const client = new pg.Client({ ...config, query_timeout: 0, application_name: 'fairlead backup' })
  // If the connection breaks, the next query rejects.
  client.on('error', () => undefined)
  await client.connect().catch((error: NodeJS.ErrnoException) => {
    const why = error.message || error.code
    throw new BackupError(`The database can not be reached: ${why}. Check its URL.`, { cause: error })
  })
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * Runs `work` on the content of the database of `client` as of one moment, without blocking writers. Rows
 * come in physical order, so a restored database yields the same bytes.
 */
export async function readSnapshot<T>(client: Client, work: (content: Content) => Promise<T>): Promise<T> {
  await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${WITHOUT_LIMITS}`)
  // Fixes the text of values and the order of rows, independent of the server's settings.
  await client.query(`SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, MDY'; SET LOCAL bytea_output = 'hex';
    SET LOCAL extra_float_digits = 1; SET LOCAL intervalstyle = 'postgres';
    SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0`)
  const result = await work({
    revision: await readRevision(client),
    tables: await readTables(client),
    read: (table) => client.query(copyTo(copyOut(table))),
    sequences: () => readSequences(client)
  })
  await client.query('COMMIT')
  return result
}
