import { createRandom } from '#loadtest/links.ts'
import { median } from '#loadtest/median.ts'

const DRAWS = 2_000

export interface Ratio {
  median: number
  /** The 95 % interval of the median. */
  low: number
  high: number
}

/**
 * Returns the median of the ratios of all starts with its 95 % interval, by bootstrap. It draws starts, then
 * pairs of each. Pairs of one start are not independent, because a process is faster or slower for its whole
 * life.
 */
export function spreadOf(starts: number[][]): Ratio {
  const random = createRandom(1)
  const draw = <T>(list: T[]) => list.map(() => list[Math.floor(random() * list.length)] as T)
  const medians = Array.from({ length: DRAWS }, () => median(draw(starts).flatMap(draw)))
  medians.sort((one, other) => one - other)
  const at = (share: number) => medians[Math.floor(share * (DRAWS - 1))] ?? Number.NaN
  return { median: median(starts.flat()), low: at(0.025), high: at(0.975) }
}
