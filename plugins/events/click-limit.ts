import type { Executor } from '#platform/database/index.ts'
import type { Click } from '#plugins/clicks/contract.ts'
import { type CountedClick, findStoredIds, insertMissingClicks } from './click-store.ts'
import type { StoredWithin } from './contract.ts'

interface Limited {
  clicks: readonly Click[]
  /** The new clicks that each link may have. */
  left: ReadonlyMap<number, number>
  count(clicks: CountedClick[]): Promise<void>
}

/** Stores clicks up to a limit. See `storeWithin` in service.ts. */
export async function storeWithin(on: Executor, { clicks, left, count }: Limited): Promise<StoredWithin> {
  // A proxy may have sent a visit to another replica before. Where enough is left, the insert finds that out.
  const scarce = findScarce(clicks, left)
  const stored = scarce.length === 0 ? new Set<string>() : await findStoredIds(on, scarce)
  const remaining = new Map(left)
  const taken: Click[] = []
  for (const click of clicks) {
    const rest = remaining.get(click.urlId) ?? 0
    if (rest === 0 || stored.has(click.id)) continue
    remaining.set(click.urlId, rest - 1)
    stored.add(click.id)
    taken.push(click)
  }
  const added = new Map<number, number>()
  if (taken.length === 0) return { stored, added }
  const counted = await insertMissingClicks(on, taken)
  if (counted.length > 0) await count(counted)
  for (const { urlId } of counted) added.set(urlId, (added.get(urlId) ?? 0) + 1)
  return { stored, added }
}

/** Returns the clicks of links that have more clicks than are left. */
function findScarce(clicks: readonly Click[], left: ReadonlyMap<number, number>): Click[] {
  const wanted = new Map<number, number>()
  for (const { urlId } of clicks) wanted.set(urlId, (wanted.get(urlId) ?? 0) + 1)
  return clicks.filter(({ urlId }) => (wanted.get(urlId) ?? 0) > (left.get(urlId) ?? 0))
}
