import { sql } from 'drizzle-orm'
import { bigint, pgTable, text, timestamp } from 'drizzle-orm/pg-core'

/**
 * Hosts that no link may lead to; with a dot in front the domains beneath it too. An entry that was taken off stays, so that the
 * greatest `version` is that of the whole list: it grows with each change.
 */
export const blockedHosts = pgTable('blocked_hosts', {
  host: text().primaryKey(),
  reason: text(),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 0 })
    .notNull()
    .default(sql`date_trunc('second', now())`),
  removedAt: timestamp('removed_at', { withTimezone: true, precision: 0 }),
  version: bigint({ mode: 'number' }).notNull()
})

export type BlockedHostRow = typeof blockedHosts.$inferSelect
