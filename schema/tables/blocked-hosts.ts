import { sql } from 'drizzle-orm'
import { bigint, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * Hosts that no link may lead to; with a dot in front the domains beneath it too. An entry that was taken off stays, so that the
 * greatest `version` is that of the whole list: it grows with each change.
 */
export const blockedHosts = pgTable('blocked_hosts', {
  host: text().primaryKey(),
  reason: text(),
  createdAt: instant('created_at', { precision: 0 }).notNull().default(sql`date_trunc('second', now())`),
  removedAt: instant('removed_at', { precision: 0 }),
  version: bigint({ mode: 'number' }).notNull()
})

export type BlockedHostRow = typeof blockedHosts.$inferSelect
