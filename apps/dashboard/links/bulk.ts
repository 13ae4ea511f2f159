import { ApiError } from '#apps/client/api-error.ts'
import type { Page } from '#apps/client/operations.ts'
import { api } from '#dashboard/core/api.ts'
import { holdTab } from '#dashboard/core/hold-tab.ts'
import { explain, joinErrors } from '#dashboard/ui/states.tsx'
import type { Url } from '#schema/shapes/url.ts'
import type { UrlBulkResults } from '#schema/shapes/url-bulk.ts'
import type { UrlQuery } from '#schema/shapes/url-query.ts'

/** Changes of many links, with a result for each. */

/** Links of one call: the API's limit. */
const CHUNK = 1_000
/** Restores under way at once: the API restores one link a call. */
const PARALLEL = 4
/** A longer wait is left to a person. */
const MAX_WAIT_S = 60

export interface Outcome {
  /** The links before and after; what is deleted has no after. */
  done: { before: Url; after: Url }[]
  refused: { url: Url; reason: string }[]
  /** True if a call ended without an answer: the server may have changed what is refused. */
  isUnknown?: boolean
}

type OnProgress = (done: number) => void

/** Gives each link the state that `stateOf` returns. */
export const setActive = (
  urls: readonly Url[],
  stateOf: (url: Url) => boolean,
  onProgress: OnProgress
): Promise<Outcome> =>
  holdTab(() =>
    run(urls, onProgress, (part) =>
      api.links.changeAll({ items: part.map((url) => ({ id: url.id, is_active: stateOf(url) })) })
    )
  )

export const removeAll = (urls: readonly Url[], onProgress: OnProgress): Promise<Outcome> =>
  holdTab(() =>
    run(urls, onProgress, (part) => api.links.removeAll({ items: part.map(({ id }) => ({ id })) }))
  )

/** Calls `send` for each thousand links. After a failed call the remaining links are refused. */
async function run(
  urls: readonly Url[],
  onProgress: OnProgress,
  send: (part: readonly Url[]) => Promise<UrlBulkResults>
): Promise<Outcome> {
  const outcome: Outcome = { done: [], refused: [] }
  for (let at = 0; at < urls.length; at += CHUNK) {
    onProgress(at)
    const part = urls.slice(at, at + CHUNK)
    try {
      const { results } = await patiently(() => send(part))
      for (const [index, before] of part.entries()) {
        const { status = 0, url, problem } = results[index] ?? {}
        if (status >= 200 && status < 300) outcome.done.push({ before, after: url ?? before })
        else outcome.refused.push({ url: before, reason: reasonOf(problem) })
      }
    } catch (error) {
      const reason = explain(error)
      outcome.refused.push(...urls.slice(at).map((url) => ({ url, reason })))
      outcome.isUnknown = error instanceof ApiError && error.status === 0
      break
    }
  }
  return outcome
}

function reasonOf(problem: UrlBulkResults['results'][number]['problem']): string {
  return joinErrors(problem?.errors ?? []) || problem?.detail || ''
}

/** Takes the deletion of each link back. */
export async function restoreAll(urls: readonly Url[], onProgress: OnProgress): Promise<Outcome> {
  const outcome: Outcome = { done: [], refused: [] }
  const left = [...urls].reverse()
  async function work(): Promise<void> {
    for (let url = left.pop(); url !== undefined; url = left.pop()) {
      const { id } = url
      try {
        outcome.done.push({ before: url, after: await patiently(() => api.links.restore(id)) })
      } catch (error) {
        outcome.refused.push({ url, reason: explain(error) })
      }
      onProgress(outcome.done.length + outcome.refused.length)
    }
  }
  await holdTab(() => Promise.all(Array.from({ length: PARALLEL }, work)))
  return outcome
}

/** Repeats a call that the server asks to repeat soon. */
async function patiently<T>(send: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await send()
    } catch (error) {
      const waitS = error instanceof ApiError && error.status === 429 ? error.retryAfter : null
      if (waitS === null || waitS > MAX_WAIT_S) throw error
      await new Promise((done) => setTimeout(done, waitS * 1_000))
    }
  }
}

/** Links of one read, the API's limit. */
const PAGE = 1_000
/** Most links that are selected at once. */
export const MAX_SELECTED = 10_000

/** Reads the links that match by cursor, page by page. `isComplete` is false if more match. */
export async function readMatching(
  query: UrlQuery,
  signal: AbortSignal,
  onPage: (urls: Url[]) => void
): Promise<{ isComplete: boolean }> {
  let count = 0
  let next: string | UrlQuery | null = { ...query, count: 'false', per_page: PAGE }
  while (next !== null && count < MAX_SELECTED && !signal.aborted) {
    const at: string | UrlQuery = next
    const page: Page<Url> = await patiently(() => api.links.list(at, { signal }))
    const rows = page.rows.slice(0, MAX_SELECTED - count)
    count += rows.length
    onPage(rows)
    next = page.next
  }
  return { isComplete: next === null }
}
