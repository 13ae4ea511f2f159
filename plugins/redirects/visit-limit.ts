import type { IncomingMessage } from 'node:http'
import { isbot } from 'isbot'
import { withDeadline } from '#platform/async/deadline.ts'
import { microBatch } from '#platform/async/micro-batch.ts'
import type { Click, ClickDraft } from '#plugins/clicks/contract.ts'
import type { VisitOutcome } from '#plugins/urls/contract.ts'

/** Visits of links with a limit: docs/adr/2026-12-01-visits-counted-by-the-database.md. */

/** Most visits that wait for the database. Above it, visits are refused. */
const MAX_WAITING = 10_000

/** Visits per transaction. */
const MAX_TOGETHER = 1_000

/**
 * Time between the starts of two transactions. A transaction costs as much as dozens of redirects, so visits
 * that follow one another sooner share one.
 */
const GAP_MS = 20

/** How long a visit waits: less than nginx waits for a redirect (3 s). */
const PATIENCE_MS = 2_500

/** Longest part of a user agent that clicks keep, and which decides whether it is a bot. */
const MAX_USER_AGENT = 256

interface Waiting {
  draft: ClickDraft
  /** True if the visit has no use any more. */
  isOver(): boolean
  done(outcome: VisitOutcome): void
  fail(error: unknown): void
}

/**
 * Counts a visit in the database. Rejects after {@link PATIENCE_MS}, when too many visits wait, and when the
 * database fails. The visit may be counted even then, but its redirect must not be given.
 */
export type SpendVisit = (draft: ClickDraft, request: IncomingMessage) => Promise<VisitOutcome>

/**
 * Creates the queue of visits. One transaction at a time takes the visits of all links that wait, on one
 * connection. A hammered link costs one transaction per {@link GAP_MS}, not per visit.
 */
export function createVisitLimit(
  toClicks: (drafts: ClickDraft[]) => Click[],
  spend: (clicks: Click[]) => Promise<VisitOutcome[]>
): SpendVisit {
  let waiting: Waiting[] = []
  let isBusy = false
  let startedMs = -Infinity

  function start(): void {
    if (isBusy || waiting.length === 0) return
    isBusy = true
    const pauseMs = startedMs + GAP_MS - performance.now()
    if (pauseMs > 0) setTimeout(run, pauseMs)
    else
      microBatch(
        () => waiting.length,
        () => void run()
      )
  }

  async function run(): Promise<void> {
    startedMs = performance.now()
    const visits = waiting.slice(0, MAX_TOGETHER).filter(({ isOver }) => !isOver())
    waiting = waiting.slice(MAX_TOGETHER)
    try {
      const clicks = toClicks(visits.map(({ draft }) => draft))
      const outcomes = clicks.length === 0 ? [] : await spend(clicks)
      for (const [at, { done }] of visits.entries()) done(outcomes[at] as VisitOutcome)
    } catch (error) {
      for (const { fail } of visits) fail(error)
    }
    isBusy = false
    start()
  }

  return async (draft, { socket }) => {
    if (waiting.length >= MAX_WAITING) throw new Error('too many visits of links with a limit wait')
    let isLate = false
    const outcome = new Promise<VisitOutcome>((done, fail) => {
      waiting.push({ draft, done, fail, isOver: () => isLate || socket.destroyed })
    })
    start()
    try {
      return await withDeadline(outcome, PATIENCE_MS)
    } finally {
      isLate = true
    }
  }
}

/** Names that only bots have, whatever client they are built with. */
const BOTS = /bot|crawl|spider|\+http/i

/** Clients of programmers, which isbot counts among the bots. Their requests are visits. */
const CLIENTS =
  /^(?:curl|wget|httpie|python|node|undici|axios|got|go-http-client|java|okhttp|apache-httpclient|ruby|php|guzzlehttp|libwww-perl|postmanruntime|insomnia)\b/i

/**
 * True if a request uses up a visit. HEAD, bots and prefetches do not. Browsers announce a prefetch in
 * Sec-Purpose (Fetch, section 3.9), older ones in Purpose or X-Moz.
 */
export function usesVisit({ method, headers }: IncomingMessage): boolean {
  const purpose = `${headers['sec-purpose']} ${headers['purpose']} ${headers['x-moz']}`
  if (method === 'HEAD' || /\bprefetch\b/i.test(purpose)) return false
  const agent = headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? ''
  return !isbot(agent) || (CLIENTS.test(agent) && !BOTS.test(agent))
}
