import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { TieredCache } from '#platform/cache/tiered.ts'
import type { CachedLink } from './cached-link.ts'

/** Links checked per event-loop tick, so that redirects run in between. */
const CHUNK = 2_000

/**
 * Checks all cached links again when the list of blocked hosts changes, so that a hit does not read the list.
 * A link that enters the cache is checked by the current list in the same tick, so none is missed.
 */
export function watchBlocklist(
  app: FastifyInstance,
  links: TieredCache<CachedLink>,
  check: (cachedLink: CachedLink) => CachedLink
): void {
  let round = 0

  async function checkAll(): Promise<void> {
    const own = ++round
    let checked = 0
    for (const cachedLink of links.heldValues()) {
      check(cachedLink)
      if (++checked % CHUNK > 0) continue
      await nextTurn()
      // The list changed again, which started a new round.
      if (own !== round) return
    }
  }

  app.blocklist.onChange(() => void checkAll())
}
