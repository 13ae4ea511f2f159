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

/** The content of a database: of a live one as of one moment, or of a backup. */
export interface Content {
  /** Its newest migration. */
  readonly revision: Revision
  readonly tables: readonly Table[]
  /** The rows of a table in COPY's text format. Rejects while it is read when they are damaged. */
  read(table: Table): AsyncIterable<Buffer>
  /** The sequences, read after the rows so that no id of a row is past them. */
  sequences(): Promise<readonly Sequence[]>
}

/** How rows are on their way: into a folder, or into a database. */
export interface TransferOptions {
  /** Stops it; nothing of it is kept. */
  signal: AbortSignal
  /** Called after each table. */
  onTable(name: string, rows: number): void
}

/** For a transaction that may take long. SET LOCAL: behind PgBouncer a session belongs to others afterwards. */
export const WITHOUT_LIMITS =
  'SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0'

/**
 * Runs `work` on a connection of its own, without the driver's time limit, and ends the connection: what `work` has left
 * uncommitted is rolled back. `config` is as for node-postgres. Throws a {@link BackupError} when it cannot connect.
 */
export async function withConnection<T>(
  config: ClientConfig,
  work: (client: Client) => Promise<T>
): Promise<T> {
  const client = new pg.Client({ ...config, query_timeout: 0, application_name: 'fairlead backup' })
  // The next query tells of a connection that broke.
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
 * Runs `work` on the content of the database that `client` is connected to, as of one moment. Writers go on meanwhile. Rows
 * come in the order in which they lie in the table, so a restored database gives the same bytes.
 */
export async function readSnapshot<T>(client: Client, work: (content: Content) => Promise<T>): Promise<T> {
  await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${WITHOUT_LIMITS}`)
  // Whatever the server's settings: the text of values, and the order of rows.
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
