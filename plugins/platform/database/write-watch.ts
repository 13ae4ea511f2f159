import { findDriverError, isTransientError } from './errors.ts'

/** Tracks whether transactions succeed, for the readiness probe. */
export interface WriteWatch {
  /** Records the outcome of a transaction, and settles as it does. */
  watch<T>(transaction: Promise<T>): Promise<T>
  /**
   * The error of the last transaction. Null if it succeeded, failed because of its own data, or failed too
   * long ago to count.
   */
  lastFailure(): Error | null
}

/**
 * How long a failure counts without later transactions, in milliseconds. Its cause may have ended by then.
 */
const FAILURE_COUNTS_MS = 30_000

/** Watches transactions. `now` is a monotonic clock, in milliseconds. */
export function createWriteWatch(now: () => number = () => performance.now()): WriteWatch {
  let failure: { error: Error; at: number } | null = null
  return {
    async watch(transaction) {
      try {
        const result = await transaction
        failure = null
        return result
      } catch (error) {
        // Maintenance gives up a lock after a second (lock_timeout) and retries later.
        const isLockTimeout = findDriverError(error)?.code === '55P03'
        if (isTransientError(error) && !isLockTimeout) failure = { error: error as Error, at: now() }
        throw error
      }
    },
    lastFailure: () => (failure !== null && now() - failure.at < FAILURE_COUNTS_MS ? failure.error : null)
  }
}
