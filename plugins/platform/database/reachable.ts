import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { StartRefused } from '#platform/problem/start-refused.ts'

/**
 * Repeats `ping` with growing pauses until the database answers. Throws {@link StartRefused} if it does not
 * answer within `timeoutMs` milliseconds.
 */
export async function waitUntilReachable(
  log: FastifyBaseLogger,
  ping: () => Promise<void>,
  timeoutMs: number
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (let delayMs = 100; ; delayMs = Math.min(delayMs * 2, 2_000)) {
    try {
      return await ping()
    } catch (error) {
      if (performance.now() + delayMs > deadline) {
        throw new StartRefused(
          `The database does not answer: ${(error as Error).message}. Check DATABASE_URL.`,
          {
            cause: error
          }
        )
      }
      log.warn({ err: error }, 'waiting for the database')
      await wait(delayMs)
    }
  }
}
