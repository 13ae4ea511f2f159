import { findDriverError, isTransientError } from './errors.ts'

/** Whether transactions succeed, as the readiness probe reports it. */
export interface WriteWatch {
  /** Notes how a transaction ends; gives and throws what it does. */
  watch<T>(transaction: Promise<T>): Promise<T>
  /** The error of the last transaction; null when that succeeded, or failed by its own data, or too long ago to count. */
  lastFailure(): Error | null
}

/** How long a failure counts where nothing is written after it, in milliseconds: the cause may be gone by then. */
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
        // Maintenance gives a lock up after a second (lock_timeout) and tries again later.
        const isLockTimeout = findDriverError(error)?.code === '55P03'
        if (isTransientError(error) && !isLockTimeout) failure = { error: error as Error, at: now() }
        throw error
      }
    },
    lastFailure: () => (failure !== null && now() - failure.at < FAILURE_COUNTS_MS ? failure.error : null)
  }
}
