import { randomBytes } from 'node:crypto'
import type { Database } from '#platform/database/index.ts'
import { DAY_MS } from './aggregate.ts'
import { shareSalt } from './store-salts.ts'

/** How long before midnight the next day's salt is fetched. The database may be unavailable at midnight. */
const AHEAD_MS = 900_000

export interface SaltKeeper {
  /** Returns the salt of today (UTC), the same in all replicas; null until it is fetched. */
  current(): Buffer | null
  /** Fetches the salts of now and soon, and removes those of earlier days; the database still has them. */
  refresh(): Promise<void>
}

/** See visitor-salts.ts. `now`: milliseconds since the epoch. */
export function createSaltKeeper(database: Database, now: () => number): SaltKeeper {
  const salts = new Map<number, Buffer>()
  const dayOf = (time: number) => Math.floor(time / DAY_MS)

  return {
    current: () => salts.get(dayOf(now())) ?? null,

    async refresh() {
      const today = dayOf(now())
      for (const day of new Set([today, dayOf(now() + AHEAD_MS)])) {
        if (!salts.has(day)) salts.set(day, await shareSalt(database.db, dateOf(day), randomBytes(32)))
      }
      for (const day of salts.keys()) if (day < today) salts.delete(day)
    }
  }
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}
