import { drizzle } from 'drizzle-orm/node-postgres'
import type { Pool } from 'pg'
import { findDriverError } from './errors.ts'
import type { Executor } from './index.ts'

/**
 * A process that stops amid a transaction (a hung machine, SIGSTOP) must not keep its locks: others would wait for it, and a request
 * that is repeated with its Idempotency-Key would be refused until the process goes on. Nothing here waits so long between statements.
 */
const BEGIN = 'BEGIN; SET LOCAL idle_in_transaction_session_timeout = 5000'

/**
 * Runs `work` once in a transaction on a connection of `pool`. Drizzle's own never gives the connection back when BEGIN fails, and
 * hides the error behind that of ROLLBACK.
 */
export async function runTransaction<T>(pool: Pool, work: (tx: Executor) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query(BEGIN).catch((error: Error) => {
      broken = error
      throw error
    })
    try {
      const result = await work(drizzle(client))
      await client.query('COMMIT')
      return result
    } catch (error) {
      const cause = findDriverError(error)
      // No answer of PostgreSQL: a ROLLBACK would wait as long again, and closing the connection does the same.
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
