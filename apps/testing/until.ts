import { setTimeout as wait } from 'node:timers/promises'
import { inspect } from 'node:util'

/** Timeout of conditions in tests: far longer than they take on a busy machine. */
const TIMEOUT_MS = 30_000
const PAUSE_MS = 10

/**
 * Repeats `ask` until `isDone` accepts its answer (by default any truthy one), and returns that answer.
 * Throws with the last answer after `timeoutMs`.
 */
export async function until<T>(
  ask: () => T | Promise<T>,
  isDone: (answer: T) => boolean = Boolean,
  timeoutMs = TIMEOUT_MS
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (isDone(answer)) return answer
    if (performance.now() > deadline)
      throw new Error(`Not within ${timeoutMs / 1_000} s: ${ask}; the last answer was ${inspect(answer)}`)
    await wait(PAUSE_MS)
  }
}
