import type { Database } from '#platform/database/index.ts'
import type { MaintenanceReport } from '#platform/database/maintenance.ts'
import { dropPartitionsBefore, underMaintenanceLock } from '#platform/database/partitions.ts'
import { deleteStrayEvents, ensurePartitions } from './store-partitions.ts'

const TABLE = 'events'

/** Months whose partitions are created in advance. */
const MONTHS_AHEAD = 2

/**
 * Creates the partitions of this month and the next ones, and drops those that expired `retentionMonths`
 * whole months ago (never if 0). Any number of replicas may call it at any time; returns null if another one
 * is running it. Throws the driver's errors; completed steps persist.
 */
export async function maintain(
  database: Database,
  { now, retentionMonths }: { now: number; retentionMonths: number }
): Promise<MaintenanceReport | null> {
  const { db } = database
  const months = Array.from({ length: MONTHS_AHEAD + 1 }, (_, ahead) => monthOf(now, ahead))
  const isMade = await underMaintenanceLock(database, TABLE, () => ensurePartitions(db, months))
  if (!isMade) return null
  if (retentionMonths === 0) return { dropped: [] }

  const oldest = monthOf(now, -retentionMonths)
  await underMaintenanceLock(database, TABLE, () => deleteStrayEvents(db, oldest))
  return { dropped: await dropPartitionsBefore(database, TABLE, new Date(oldest).toISOString().slice(0, 7)) }
}

/** Returns the start of the UTC month `ahead` months after that of `time`, in epoch milliseconds. */
function monthOf(time: number, ahead: number): number {
  const date = new Date(time)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + ahead)
}
