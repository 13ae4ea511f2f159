import { join } from 'node:path'
import fastifyPostgres from '@fastify/postgres'
import type { ExtractTablesWithRelations, SQL } from 'drizzle-orm'
import { drizzle, type NodePgDatabase, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres'
import type { PgDatabase } from 'drizzle-orm/pg-core'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { ClientBase, Pool, PoolClient, PoolConfig } from 'pg'
import { StartRefused } from '#platform/problem/start-refused.ts'
import { startBundledPostgres } from './bundled.ts'
import { checkBudget } from './connection-budget.ts'
import { findDriverError } from './errors.ts'
import { migrate } from './migrations.ts'
import { keepStatements } from './prepared.ts'
import { waitUntilReachable } from './reachable.ts'
import { type FreshMark, openReadReplica, type ReadReplica } from './read-replica.ts'
import { createTransactions } from './transaction.ts'
import { createWriteWatch } from './write-watch.ts'

const MIGRATIONS = join(import.meta.dirname, '..', '..', '..', 'drizzle')

type Schema = Record<string, never>

/** What the functions of a store run on: `app.database.db`, or the standby. */
export type Executor = PgDatabase<NodePgQueryResultHKT, Schema, ExtractTablesWithRelations<Schema>>

/** SQL that one capability supplies for a statement of another. */
export type SqlPart = SQL

/** `app.database`: all access to PostgreSQL, bundled or external. */
export interface Database {
  /** Drizzle. Runs a statement in the transaction of the async context, or on the pool. */
  readonly db: NodePgDatabase<Schema>
  /** Ignores transactions. Never use it inside one: all connections may be in use by transactions. */
  readonly pool: Pool
  /**
   * Runs `work`, which only reads and accepts data that is some seconds old. It runs on the standby if that
   * is up to date, else on the pool; inside a transaction, in the transaction. It may run twice.
   */
  readStale<T>(work: (on: Executor) => Promise<T>): Promise<T>
  /**
   * Runs `work`, which only reads and must see all commits from before {@link markFresh} returned `mark`. It
   * runs on the standby if that has them, else on the pool; inside a transaction, in the transaction. With a
   * null mark it may run on a standby that lags. It may run twice.
   */
  readFresh<T>(mark: FreshMark, work: (on: Executor) => Promise<T>): Promise<T>
  /** Returns the mark for {@link readFresh}; null when the primary does not answer. */
  markFresh(): Promise<FreshMark>
  /** True if {@link readStale} uses the standby now; null if none is configured. */
  readonly usesStandby: boolean | null
  /**
   * Runs `work` in a transaction, which `db` then uses. Commits when `work` resolves and returns its result.
   * Rolls back when `work` throws. A nested call joins the outer transaction, which rolls back when the
   * nested `work` throws. Conflicts run the outermost `work` again, so it must change nothing but the
   * database. `db` throws after the end of the transaction: await each promise in `work`. Take locks in the
   * order of docs/adr/2026-11-30-one-order-of-locks.md.
   */
  transaction<T>(work: () => Promise<T>): Promise<T>
  /**
   * Runs `work` as {@link transaction} does, for work that writes with one statement only: PostgreSQL commits
   * it alone, which saves two round trips.
   */
  statement<T>(work: () => Promise<T>): Promise<T>
  /**
   * Runs `work` after the commit of the outermost transaction, which awaits it. Without one, runs it at once.
   */
  afterCommit(work: () => unknown): Promise<void>
  /** Runs `work` outside the current transaction: for work that callers share or that outlives it. */
  outside<T>(work: () => T): T
  /** Lends a connection of the pool, for operations that Drizzle lacks (COPY, cursors). */
  withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T>
  /** Resolves when the database answers a query; rejects with the driver's error. */
  ping(): Promise<void>
  /**
   * Resolves when the database accepts writes. Rejects with the reason, or the error of the last transaction.
   */
  pingWrites(): Promise<void>
}

export interface DatabaseOptions {
  /** PostgreSQL connection string. If undefined, the bundled PostgreSQL serves `dataDir`. */
  url?: string | undefined
  /** Allows using the bundled PostgreSQL of a server that runs on `dataDir`. */
  attach?: boolean
  /** Connection string of a hot standby for stale reads. If undefined, they use the primary. */
  readUrl?: string | undefined
  /** Maximum age of stale reads. */
  readMaxLagMs?: number
  dataDir: string
  poolSize: number
  connectTimeoutMs: number
  /** Applies to every statement of the pool. Longer work sets its own timeout within its transaction. */
  statementTimeoutMs: number
  /** How long a start waits for a server that does not answer yet. */
  startTimeoutMs: number
  /**
   * `pgbouncer` when connections go through PgBouncer in transaction mode. Session state (prepared
   * statements, settings) is then not used.
   */
  pooler: 'none' | 'pgbouncer'
  /** What to do at the start when the replicas' pools exceed the server's limit. */
  budget: 'refuse' | 'warn'
  /** Number of processes with a pool. */
  replicas: number
  /** Connections that the replicas leave to other clients. */
  margin: number
}

declare module 'fastify' {
  interface FastifyInstance {
    database: Database
  }
}

/**
 * Registers `app.database` over @fastify/postgres and migrates the schema before the boot continues. A
 * connection that breaks while idle (restart, failover) is logged and replaced. Throws when the server does
 * not answer within `startTimeoutMs`. Throws MigrationBlocked when other transactions keep a table locked
 * that must change. Throws FolderInUse when another process serves `dataDir`.
 */
async function database(app: FastifyInstance, options: DatabaseOptions) {
  const pooled = options.pooler === 'pgbouncer'
  if (options.url === undefined && options.readUrl !== undefined)
    throw new StartRefused('DATABASE_READ_URL names a standby of DATABASE_URL, which is not set.')
  const onConnect = async (client: ClientBase) => {
    // Set by a query: PgBouncer refuses them as start-up parameters. It keeps the last two per client.
    // To compile a statement takes longer than to run it: all of them read few rows.
    const timeout = pooled ? '' : `SET statement_timeout = ${options.statementTimeoutMs}; SET jit = off; `
    await client.query(`${timeout}SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'`)
  }
  const common = {
    // The server's own timeout cannot work when the server or the network hangs. The driver's can.
    query_timeout: options.statementTimeoutMs + 2_000,
    onConnect
  }
  await app.register(fastifyPostgres, { ...(await connection(app, options)), ...common })
  const { pool } = app.pg
  // Without a listener, one terminated idle connection would end the process (EventEmitter's 'error' rule).
  // At close, PostgreSQL may stop before a connection has ended.
  const warn = (err: Error) => pool.ending || app.log.warn({ err }, 'idle database connection failed')
  pool.on('error', warn)
  // The pool handles errors of idle connections only. A lent connection that breaks between two statements
  // would end the process. Instead, the next statement reports the error.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const writes = createWriteWatch()
  const transactions = createTransactions(pool, writes.watch)
  const db = drizzle({ client: transactions.client as Pool })
  if (!pooled) keepStatements(db)
  let replica: ReadReplica | null = null
  const service: Database = {
    db,
    pool,
    readStale: (work) => (replica === null || transactions.isInside() ? work(db) : replica.run(work)),
    readFresh: (mark, work) =>
      replica === null || transactions.isInside() ? work(db) : replica.runFresh(mark, work),
    markFresh: async () => replica?.markFresh(),
    get usesStandby() {
      return replica === null ? null : replica.isUsed
    },
    transaction: transactions.run,
    statement: transactions.runAlone,
    afterCommit: transactions.afterCommit,
    outside: transactions.outside,
    async withClient(work) {
      const client = await pool.connect()
      let failure: Error | undefined
      try {
        return await work(client)
      } catch (error) {
        failure = error as Error
        throw error
      } finally {
        // After failed work a client may be in any state (amid a COPY, a transaction), so it is not reused.
        client.release(failure)
      }
    },
    async ping() {
      await pool.query('SELECT 1')
    },
    async pingWrites() {
      const failure = writes.lastFailure()
      if (failure !== null) throw findDriverError(failure)
      const { rows } = await pool.query(`SELECT current_setting('transaction_read_only') AS "isReadOnly"`)
      if (rows[0].isReadOnly === 'on') throw new Error('the database is read-only')
    }
  }
  await waitUntilReachable(app.log, service.ping, options.startTimeoutMs)
  const onBlocked = (why: string) => app.log.warn({ why }, 'migration waiting for a lock')
  const applied = await service.withClient((client) => migrate(client, MIGRATIONS, { onBlocked }))
  if (applied > 0) app.log.info({ applied }, 'database schema migrated')
  if (options.url !== undefined && !pooled) await checkBudget(app, pool, options)
  if (options.readUrl !== undefined) {
    replica = openReadReplica({
      pool: { ...poolOf(options), connectionString: options.readUrl, ...common },
      primary: pool,
      fallback: db,
      maxLagMs: options.readMaxLagMs ?? 5_000,
      pollMs: Math.max((options.readMaxLagMs ?? 5_000) / 5, 100),
      onChange: (isUsed, why) =>
        app.log.info({ why }, isUsed ? 'standby reads enabled' : 'standby reads disabled')
    })
    app.addHook('onClose', () => replica?.close())
  }
  app.decorate('database', service)
}

function poolOf(options: DatabaseOptions): PoolConfig {
  return {
    max: options.poolSize,
    connectionTimeoutMillis: options.connectTimeoutMs,
    keepAlive: true,
    application_name: 'fairlead'
  }
}

/** Connections of the bundled PostgreSQL besides the pool: the command line and PostgreSQL's own reserve. */
const SPARE_CONNECTIONS = 10

async function connection(app: FastifyInstance, options: DatabaseOptions): Promise<PoolConfig> {
  if (options.url !== undefined) return { ...poolOf(options), connectionString: options.url }
  const bundled = await startBundledPostgres({
    dataDir: options.dataDir,
    maxConnections: options.poolSize + SPARE_CONNECTIONS,
    attach: options.attach ?? false,
    log: app.log
  })
  // Hooks run last in, first out. Added before the hook of @fastify/postgres, this one runs after the pool
  // ends.
  app.addHook('onClose', bundled.close)
  return { ...poolOf(options), ...bundled.connection }
}

export default fp(database, { name: 'database', fastify: '5.x' })
