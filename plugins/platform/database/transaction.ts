import { AsyncLocalStorage } from 'node:async_hooks'
import type { Pool, PoolClient, QueryConfig } from 'pg'
import { findDriverError, retryConflict } from './errors.ts'

/** Transactions in the async context: docs/adr/2026-11-30-ambient-transactions.md. */
export interface Transactions {
  /** Sends each statement to the transaction of the async context, or to the pool. */
  readonly client: Pick<Pool, 'query'>
  /** True inside a transaction. Throws after its end. */
  isInside(): boolean
  run<T>(work: () => Promise<T>): Promise<T>
  runAlone<T>(work: () => Promise<T>): Promise<T>
  afterCommit(work: () => unknown): Promise<void>
  outside<T>(work: () => T): T
}

interface Context {
  readonly client: PoolClient
  readonly afterCommit: (() => unknown)[]
  isOpen: boolean
  /**
   * The first error of a nested call. A partial change must not be committed, even if the error is caught.
   */
  failure: { error: unknown } | null
}

/**
 * A process that stops within a transaction (a hung machine, SIGSTOP) must not keep its locks. Other
 * transactions would wait for it, and retries with the same Idempotency-Key would be refused until it
 * resumes. No code waits as long as this between statements.
 */
const BEGIN = 'BEGIN; SET LOCAL idle_in_transaction_session_timeout = 5000'

/** Makes the transactions of `pool`. `watch` receives the outermost ones, retries included. */
export function createTransactions(
  pool: Pool,
  watch: <T>(outermost: Promise<T>) => Promise<T>
): Transactions {
  const contexts = new AsyncLocalStorage<Context | undefined>()

  function current(): Context | undefined {
    const context = contexts.getStore()
    if (context?.isOpen === false)
      throw new Error(
        'The transaction of this work has ended: await each promise inside it, or use outside()'
      )
    return context
  }

  async function join<T>(context: Context, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      context.failure ??= { error }
      throw error
    }
  }

  async function once<T>(work: () => Promise<T>) {
    const client = await pool.connect()
    const context: Context = { client, afterCommit: [], isOpen: true, failure: null }
    let broken: Error | undefined
    try {
      await client.query(BEGIN).catch((error: Error) => {
        broken = error
        throw error
      })
      try {
        const result = await contexts.run(context, work)
        context.isOpen = false
        if (context.failure !== null) throw context.failure.error
        const { command } = await client.query('COMMIT')
        // PostgreSQL answers ROLLBACK when a statement failed and `work` caught the error.
        if (command !== 'COMMIT') throw new Error('The transaction was rolled back: a statement in it failed')
        return { result, afterCommit: context.afterCommit }
      } catch (error) {
        context.isOpen = false
        const cause = findDriverError(error)
        // PostgreSQL did not answer. A ROLLBACK would wait as long again; closing the connection rolls back.
        if (cause !== null && cause.code === undefined) broken = cause
        else
          await client.query('ROLLBACK').catch((failure: Error) => {
            broken = failure
          })
        throw error
      }
    } finally {
      client.release(broken)
    }
  }

  return {
    client: {
      query: (query: QueryConfig, values?: unknown[]) => (current()?.client ?? pool).query(query, values)
    } as Pick<Pool, 'query'>,
    isInside: () => current() !== undefined,

    async run(work) {
      const context = current()
      if (context !== undefined) return join(context, work)
      const { result, afterCommit } = await watch(retryConflict(() => once(work)))
      for (const next of afterCommit) await next()
      return result
    },

    async runAlone(work) {
      const context = current()
      return context === undefined ? watch(retryConflict(work)) : join(context, work)
    },

    async afterCommit(work) {
      const context = current()
      if (context === undefined) await work()
      else context.afterCommit.push(work)
    },

    outside: (work) => contexts.run(undefined, work)
  }
}
