import type { Database } from '#platform/database/index.ts'
import { DAY_MS } from './aggregate.ts'
import { ensureVisitorsPartitions } from './store-clicks.ts'
import {
  deleteSalts,
  deleteStrayEvents,
  dropPartition,
  ensureEventsPartitions,
  listPartitions,
  underMaintenanceLock
} from './store-maintenance.ts'

/** Months whose partitions exist before they begin. */
const MONTHS_AHEAD = 2

/** Days whose visitors are kept beside today's: one more than clicks are still counted for, should clocks differ. */
const VISITOR_DAYS = 2

export interface MaintenanceReport {
  /** Names of the partitions that were dropped. */
  dropped: string[]
}

/**
 * Makes the partitions that are needed soon and drops those that are over: visitors after two days, events after
 * `retentionMonths` whole months (never when 0). Rollups stay. Any number of replicas may call it at any time; gives
 * null when another one was at it. Throws the driver's errors; what was done before stays done.
 */
export async function maintain(
  database: Database,
  { now, retentionMonths }: { now: number; retentionMonths: number }
): Promise<MaintenanceReport | null> {
  const { db } = database
  const day = (ahead: number) => new Date(now + ahead * DAY_MS).toISOString().slice(0, 10)
  const isMade = await underMaintenanceLock(database, async () => {
    const months = Array.from({ length: MONTHS_AHEAD + 1 }, (_, ahead) => monthOf(now, ahead))
    await ensureEventsPartitions(db, months)
    await ensureVisitorsPartitions(db, [day(0), day(1)])
    await deleteSalts(db, day(0))
    return true
  })
  if (isMade === null) return null

  const over = (await listPartitions(db, 'url_visitors')).filter(({ of }) => of < day(-VISITOR_DAYS))
  if (retentionMonths > 0) {
    const oldest = monthOf(now, -retentionMonths)
    over.push(...(await listPartitions(db, 'events')).filter(({ of }) => of < oldest))
    await underMaintenanceLock(database, () => deleteStrayEvents(db, oldest))
  }
  // One transaction each: a DROP locks the whole table, and should do so for a moment only.
  const dropped: string[] = []
  for (const { name } of over) {
    const isDropped = await underMaintenanceLock(database, async () => {
      await dropPartition(db, name)
      return true
    })
    if (isDropped) dropped.push(name)
  }
  return { dropped }
}

/** The UTC month that lies `ahead` months after that of `time`, as 2025-06. */
function monthOf(time: number, ahead: number): string {
  const date = new Date(time)
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + ahead)).toISOString().slice(0, 7)
}
