/** The types of events for other capabilities. */

/** The clicks that were stored up to a limit. */
export interface StoredWithin {
  /** The ids of the clicks that are stored, now or before. */
  stored: ReadonlySet<string>
  /** The number of clicks that are new, by link. */
  added: ReadonlyMap<number, number>
}
