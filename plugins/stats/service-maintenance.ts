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

/** Months whose partitions are created in advance. */
const MONTHS_AHEAD = 2

/**
 * Days for which visitors are kept, besides today: one more than their clicks count for, as clocks differ.
 */
const VISITOR_DAYS = 2

export interface MaintenanceReport {
  /** Names of the dropped partitions. */
  dropped: string[]
}

/**
 * Creates the partitions that are needed soon and drops expired ones: visitors after two days, events after
 * `retentionMonths` whole months (never if 0). Rollups remain. Any number of replicas may call it at any
 * time; returns null if another one is running it. Throws the driver's errors; completed steps persist.
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
  // One transaction per partition: a DROP locks the whole table, so keep it short.
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

/** Returns the UTC month `ahead` months after that of `time`, as 2025-06. */
function monthOf(time: number, ahead: number): string {
  const date = new Date(time)
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + ahead)).toISOString().slice(0, 7)
}
