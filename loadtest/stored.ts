import { setTimeout as wait } from 'node:timers/promises'
import type { OverallStats } from '#schema/shapes/stats.ts'

/** The number of clicks that a server has stored, read through its API. */

const TIMEOUT_MS = 120_000

/** Returns the exact number of click events. Counting reads them all. */
export async function countClicks(baseUrl: string): Promise<number> {
  const answer = await fetch(new URL('/events?event_type=click&page=1&per_page=1', baseUrl))
  await answer.arrayBuffer()
  return Number(answer.headers.get('x-total-count') ?? Number.NaN)
}

/** Returns the clicks in the statistics of the last 30 hours, which are stored with the events. */
export async function readClickStats(baseUrl: string): Promise<number> {
  const answer = await fetch(new URL('/stats?unit=hour', baseUrl))
  return ((await answer.json()) as OverallStats).clicks
}

/**
 * Waits up to two minutes until `read` returns `count` clicks. Resolves with the last number and the elapsed
 * time in milliseconds.
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
