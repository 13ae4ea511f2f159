import { setTimeout as wait } from 'node:timers/promises'
import type { OverallStats } from '#schema/shapes/stats.ts'

/** How many clicks a server has stored, read through its API. */

const TIMEOUT_MS = 120_000

/** The number of click events, exactly. Counting reads them all. */
export async function countClicks(baseUrl: string): Promise<number> {
  const answer = await fetch(new URL('/events?event_type=click&page=1&per_page=1', baseUrl))
  await answer.arrayBuffer()
  return Number(answer.headers.get('x-total-count') ?? Number.NaN)
}

/** The clicks in the statistics of the last 30 hours, which are stored with the events. */
export async function readClickStats(baseUrl: string): Promise<number> {
  const answer = await fetch(new URL('/stats?unit=hour', baseUrl))
  return ((await answer.json()) as OverallStats).clicks
}

/**
 * Waits up to two minutes until `read` gives `count` clicks. Resolves with how many it gives and the time it took in
 * milliseconds.
 */
export async function awaitClicks(
  read: () => Promise<number>,
  count: number
): Promise<{ stored: number; ms: number }> {
  const start = performance.now()
  for (;;) {
    const stored = await read()
    const ms = performance.now() - start
    if (stored >= count || ms > TIMEOUT_MS) return { stored, ms }
    await wait(50)
  }
}
