import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Database } from '#platform/database/index.ts'
import { errorFields } from '#platform/http/error-fields.ts'
import { type ClaimedMessage, claimMessages, deleteMessage, failMessage, releaseMessage } from './store.ts'

export interface Consumer {
  /**
   * Handles one message, and may run again for the same message. It stops early when `signal` aborts, and
   * rejects when the message must be handled again.
   */
  handle(payload: Record<string, unknown>, signal: AbortSignal): Promise<void>
  /** Maximum number of messages that this process handles at once. */
  concurrency: number
  /** Failed attempts after which a message is dead. */
  maxAttempts: number
  /** Pause before the second attempt. It doubles with each attempt, up to an hour. */
  retryMs: number
  /** Limit of pending messages per topic. Above it, changes add no messages. */
  maxPending: number
}

/** The lease is longer than the time for handling, so only a process that hangs loses it. */
const HANDLE_MS = 30_000
const LEASE_MS = 60_000
const MAX_RETRY_MS = 3_600_000
/** Maximum time that closing waits for handlers that ignore their signal. Their leases expire. */
const CLOSE_MS = 5_000

export interface Dispatcher {
  /** Claims and handles due messages until none are left. Never rejects or blocks. */
  dispatch(): void
  /** Stops claiming, aborts handlers and releases their messages. Resolves within {@link CLOSE_MS}. */
  close(): Promise<void>
}

/** Makes the dispatcher of one topic in this process. */
export function createDispatcher(
  database: Database,
  topic: string,
  consumer: Consumer,
  { log, onOutcome }: { log: FastifyBaseLogger; onOutcome(outcome: 'done' | 'retried' | 'dead'): void }
): Dispatcher {
  const running = new Set<Promise<void>>()
  const closing = new AbortController()
  // Messages must not run in the async context of the request that dispatches them.
  const outsideRequest = AsyncLocalStorage.snapshot()
  let claiming = Promise.resolve()
  let isClaiming = false
  let isWanted = false
  let isFailing = false

  function dispatch(): void {
    isWanted = true
    if (!isClaiming) claiming = outsideRequest(claim)
  }

  async function claim(): Promise<void> {
    isClaiming = true
    try {
      while (isWanted && !closing.signal.aborted && running.size < consumer.concurrency) {
        isWanted = false
        const limit = consumer.concurrency - running.size
        const messages = await claimMessages(database.db, topic, { limit, leaseMs: LEASE_MS })
        for (const message of messages) start(message)
      }
      isFailing = false
    } catch (error) {
      // The next sweep tries again.
      if (!isFailing) log.warn({ err: error, topic }, 'claiming outbox messages failed')
      isFailing = true
    } finally {
      isClaiming = false
    }
  }

  function start(message: ClaimedMessage): void {
    const run = work(message)
      // The lease expires, and another attempt follows.
      .catch((error: Error) =>
        log.warn({ err: error, topic, id: message.id }, 'settling an outbox message failed')
      )
      .finally(() => {
        running.delete(run)
        dispatch()
      })
    running.add(run)
  }

  async function work(message: ClaimedMessage): Promise<void> {
    const { id, attempts, payload } = message
    try {
      closing.signal.throwIfAborted()
      if (attempts > consumer.maxAttempts) throw new Error('the process ended during the last attempt')
      await consumer.handle(payload, AbortSignal.any([closing.signal, AbortSignal.timeout(HANDLE_MS)]))
    } catch (error) {
      if (closing.signal.aborted) return releaseMessage(database.db, message)
      const isDead = attempts >= consumer.maxAttempts
      const retryInMs = isDead ? null : Math.min(consumer.retryMs * 2 ** (attempts - 1), MAX_RETRY_MS)
      await failMessage(database.db, message, { error: errorFields(error).message, retryInMs })
      onOutcome(isDead ? 'dead' : 'retried')
      log[isDead ? 'error' : 'debug'](
        { err: error, topic, id, attempts },
        'handling an outbox message failed'
      )
      return
    }
    await deleteMessage(database.db, message)
    onOutcome('done')
  }

  return {
    dispatch,
    async close() {
      closing.abort()
      const settled = claiming.then(() => Promise.all(running))
      await Promise.race([settled, wait(CLOSE_MS, undefined, { ref: false })])
    }
  }
}
