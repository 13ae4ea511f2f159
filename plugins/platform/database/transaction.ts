import { drizzle } from 'drizzle-orm/node-postgres'
import type { Pool } from 'pg'
import type { Executor } from '#platform/database.ts'
import { findDriverError } from '#platform/database-errors.ts'

/**
 * Runs `work` once in a transaction on a connection of `pool`. Drizzle's own never gives the connection back when BEGIN fails, and
 * hides the error behind that of ROLLBACK.
 */
export async function runTransaction<T>(pool: Pool, work: (tx: Executor) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('BEGIN').catch((error: Error) => {
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
