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

/** What a store's functions run on: `app.database.db`, or the standby. */
export type Executor = PgDatabase<NodePgQueryResultHKT, Schema, ExtractTablesWithRelations<Schema>>

/** SQL that a capability supplies as part of another one's statement. */
export type SqlPart = SQL

/** `app.database`: the one way to storage: PostgreSQL, bundled or a server. */
export interface Database {
  /** Drizzle: runs a statement in the transaction of the async context, or on the pool. */
  readonly db: NodePgDatabase<Schema>
  /** Knows no transaction. Never use it inside of one: all connections may be in one. */
  readonly pool: Pool
  /** The name to prepare a hot statement under; empty, so that it is not kept, where connections are pooled outside. */
  statementName(name: string): string
  /**
   * Runs `work`, which only reads and may see what was some seconds ago: on the standby where there is one that is up to date,
   * else on the pool; inside a transaction, there. It may run twice.
   */
  readStale<T>(work: (on: Executor) => Promise<T>): Promise<T>
  /**
   * Runs `work`, which only reads and must see what was committed before {@link markFresh} gave `mark`: on the
   * standby where that has it, else on the pool. Null reads a standby that may be behind. Inside a
   * transaction it reads there. It may run twice.
   */
  readFresh<T>(mark: FreshMark, work: (on: Executor) => Promise<T>): Promise<T>
  /** Gives the mark for {@link readFresh}; null when the primary does not answer. */
  markFresh(): Promise<FreshMark>
  /** Whether {@link readStale} uses the standby now; null where none is configured. */
  readonly usesStandby: boolean | null
  /**
   * Runs `work` in a transaction, which `db` uses inside of it: commits when `work` resolves, rolls back when
   * it throws, and returns its result. A nested call joins the outer transaction, which rolls back when the
   * nested `work` throws. Conflicts run the outermost `work` again, so it changes only the database. `db`
   * throws when it is used after the end: await each promise in `work`.
   * Locks are taken in the order of docs/adr/2026-11-30-one-order-of-locks.md.
   */
  transaction<T>(work: () => Promise<T>): Promise<T>
  /** Runs `work` after the commit of the outermost transaction, which waits for it; without one, at once. */
  afterCommit(work: () => unknown): Promise<void>
  /** Runs `work` outside of the current transaction: for work that callers share or that outlives it. */
  outside<T>(work: () => T): T
  /** Lends a connection of the pool, for what Drizzle can't say (COPY, cursors). */
  withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T>
  /** Resolves when the database answers a query; rejects with the driver's error. */
  ping(): Promise<void>
  /** Resolves when the database takes writes; rejects with why it does not, or why the last transaction failed. */
  pingWrites(): Promise<void>
}

export interface DatabaseOptions {
  /** PostgreSQL connection string; the bundled PostgreSQL serves `dataDir` when undefined. */
  url?: string | undefined
  /** Whether to use the bundled PostgreSQL of a server that runs on `dataDir`, where there is one. */
  attach?: boolean
  /** Connection string of a hot standby for reads that may be old; those go to the primary when undefined. */
  readUrl?: string | undefined
  /** How old they may be. */
  readMaxLagMs?: number
  dataDir: string
  poolSize: number
  connectTimeoutMs: number
  /** Applies to every statement of the pool; work that may take longer sets its own within its transaction. */
  statementTimeoutMs: number
  /** How long a start waits for a server that does not answer yet. */
  startTimeoutMs: number
  /**
   * `pgbouncer` when connections go through PgBouncer in transaction mode: what belongs to a session (prepared
   * statements, settings) is then not used.
   */
  pooler: 'none' | 'pgbouncer'
  /** Whether a start is refused, or only warned of, when the replicas' pools exceed what the server can give. */
  budget: 'refuse' | 'warn'
  /** Processes that hold a pool each. */
  replicas: number
  /** Connections that the replicas leave to others. */
  margin: number
}

declare module 'fastify' {
  interface FastifyInstance {
    database: Database
  }
}

/**
 * Publishes `app.database` over @fastify/postgres and brings the schema up to date before the boot goes on.
 * A connection that breaks while idle (restart, failover) is logged and replaced. Throws when the server does not
 * answer within `startTimeoutMs`, MigrationBlocked when others keep a table that has to change locked, or FolderInUse when
 * another process serves `dataDir`.
 */
async function database(app: FastifyInstance, options: DatabaseOptions) {
  const pooled = options.pooler === 'pgbouncer'
  if (options.url === undefined && options.readUrl !== undefined)
    throw new StartRefused('DATABASE_READ_URL names a standby of DATABASE_URL, which is not set.')
  const onConnect = async (client: ClientBase) => {
    // By a query: as start-up parameters PgBouncer would refuse them. It keeps the last two for each of its clients.
    const timeout = pooled ? '' : `SET statement_timeout = ${options.statementTimeoutMs}; `
    await client.query(`${timeout}SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'`)
  }
  const common = {
    // The server's own timeout can't help when the server or the way to it hangs; this one is kept here.
    query_timeout: options.statementTimeoutMs + 2_000,
    onConnect
  }
  await app.register(fastifyPostgres, { ...(await connection(app, options)), ...common })
  const { pool } = app.pg
  // Without a listener one terminated idle connection would end the process (EventEmitter's 'error' rule).
  // At close PostgreSQL may stop before a connection has ended.
  const warn = (err: Error) => pool.ending || app.log.warn({ err }, 'idle database connection failed')
  pool.on('error', warn)
  // The pool listens while a connection is idle. One that breaks while it is lent, between two statements of a
  // transaction, would end the process just so; whoever has it learns of it by the next statement.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const writes = createWriteWatch()
  const transactions = createTransactions(pool, writes.watch)
  const db = drizzle({ client: transactions.client as Pool })
  if (!pooled) keepStatements(db)
  let replica: ReadReplica | null = null
  const service: Database = {
    db,
    pool,
    statementName: (name) => (pooled ? '' : name),
    readStale: (work) => (replica === null || transactions.isInside() ? work(db) : replica.run(work)),
    readFresh: (mark, work) =>
      replica === null || transactions.isInside() ? work(db) : replica.runFresh(mark, work),
    markFresh: async () => replica?.markFresh(),
    get usesStandby() {
      return replica === null ? null : replica.isUsed
    },
    transaction: transactions.run,
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
        // A client of failed work may be in any state (amid a COPY, a transaction): it is not used again.
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

/** Connections of the bundled PostgreSQL beside the pool: the command line, PostgreSQL's own reserve. */
const SPARE_CONNECTIONS = 10

async function connection(app: FastifyInstance, options: DatabaseOptions): Promise<PoolConfig> {
  if (options.url !== undefined) return { ...poolOf(options), connectionString: options.url }
  const bundled = await startBundledPostgres({
    dataDir: options.dataDir,
    maxConnections: options.poolSize + SPARE_CONNECTIONS,
    attach: options.attach ?? false,
    log: app.log
  })
  // Hooks run last in, first out: added before @fastify/postgres adds its own, this one runs after the pool ended.
  app.addHook('onClose', bundled.close)
  return { ...poolOf(options), ...bundled.connection }
}

export default fp(database, { name: 'database', fastify: '5.x' })
