import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { TieredCache } from '#platform/cache/tiered.ts'
import type { CachedLink } from './cached-link.ts'

/** Hops judged in one turn of the event loop, so that redirects go on while many are. */
const AT_ONCE = 2_000

/**
 * Judges the hops that are held each time the list of blocked hosts is another, so that a hit asks nothing of the list. A hop that
 * enters is judged in the turn in which it does so, by the list of that moment: none slips in between.
 */
export function watchBlocklist(
  app: FastifyInstance,
  links: TieredCache<CachedLink>,
  check: (cachedLink: CachedLink) => CachedLink
): void {
  let round = 0

  async function checkAll(): Promise<void> {
    const own = ++round
    let judged = 0
    for (const cachedLink of links.heldValues()) {
      check(cachedLink)
      if (++judged % AT_ONCE > 0) continue
      await nextTurn()
      // The list has changed once more: another round has begun from the start.
      if (own !== round) return
    }
  }

  app.blocklist.onChange(() => void checkAll())
}
