import type { Database } from '#platform/database/index.ts'
import type { MaintenanceReport } from '#platform/database/maintenance.ts'
import { dropPartitionsBefore, underMaintenanceLock } from '#platform/database/partitions.ts'
import { DAY_MS } from './aggregate.ts'
import { ensureVisitorsPartitions } from './store-clicks.ts'
import { deleteSalts } from './store-salts.ts'

const TABLE = 'url_visitors'

/**
 * Days for which visitors are kept, besides today: one more than their clicks count for, as clocks differ.
 */
const VISITOR_DAYS = 2

/**
 * Creates the partitions of visitors for today and tomorrow, and deletes salts of earlier days and visitors
 * after two days. Rollups remain. Any number of replicas may call it at any time; returns null if another one
 * is running it. Throws the driver's errors; completed steps persist.
 */
export async function maintain(database: Database, now: number): Promise<MaintenanceReport | null> {
  const { db } = database
  const day = (ahead: number) => new Date(now + ahead * DAY_MS).toISOString().slice(0, 10)
  const isMade = await underMaintenanceLock(database, TABLE, async () => {
    await ensureVisitorsPartitions(db, [day(0), day(1)])
    await deleteSalts(db, day(0))
  })
  if (!isMade) return null
  return { dropped: await dropPartitionsBefore(database, TABLE, day(-VISITOR_DAYS)) }
}
