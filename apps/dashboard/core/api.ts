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

declare global {
  interface Window {
    /** The first requests of the page, by their address: `early.ts` has sent them. */
    earlyAnswers?: Map<string, Promise<Response>>
  }
}

/** Returns the early answer for a read, once. */
function takeEarly(input: string, { method }: RequestInit): Promise<Response> | undefined {
  const answer = method === 'GET' ? window.earlyAnswers?.get(input) : undefined
  window.earlyAnswers?.delete(input)
  return answer
}

/** `fetch`, with a report of its result. An aborted call has none. */
const watchedFetch: typeof fetch = async (input, init = {}) => {
  try {
    const answer = await (takeEarly(String(input), init) ?? fetch(input, init))
    // The other early answers are of the same session, or older than a retry.
    if (!answer.ok) window.earlyAnswers?.clear()
    readServerDate(answer)
    report(answer.status)
    return answer
  } catch (error) {
    window.earlyAnswers?.clear()
    if (!init.signal?.aborted || init.signal.reason?.name === 'TimeoutError') report(0)
    throw error
  }
}

export const api = createClient({ baseUrl: BASE, fetch: watchedFetch })
