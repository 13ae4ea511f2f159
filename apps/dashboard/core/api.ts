import { createClient } from '#apps/client/client.ts'
import { readServerDate } from './clock.ts'
import { BASE } from './environment.ts'

/** The API of this server, with the session of this browser. */

/** What other parts learn from each answer. */
const watchers = new Set<(status: number) => void>()

/** Calls `watch` with the status of each answer, 0 without one. */
export function watchAnswers(watch: (status: number) => void): void {
  watchers.add(watch)
}

/** Reports an answer that did not come through {@link api}. */
export function report(status: number): void {
  for (const watch of watchers) watch(status)
}

/** `fetch`, with a report of its result. An aborted call has none. */
const watchedFetch: typeof fetch = async (input, init) => {
  try {
    const answer = await fetch(input, init)
    readServerDate(answer)
    report(answer.status)
    return answer
  } catch (error) {
    if (!init?.signal?.aborted || init.signal.reason?.name === 'TimeoutError') report(0)
    throw error
  }
}

export const api = createClient({ baseUrl: BASE, fetch: watchedFetch })
