import { sql } from 'drizzle-orm'
import { bigint, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * Hosts that no target may have; a leading dot includes their subdomains. Removed entries remain, so that the
 * greatest `version` is that of the whole list. Each change increments it.
 */
export const blockedHosts = pgTable('blocked_hosts', {
  host: text().primaryKey(),
  reason: text(),
  createdAt: instant('created_at', { precision: 0 }).notNull().default(sql`date_trunc('second', now())`),
  removedAt: instant('removed_at', { precision: 0 }),
  version: bigint({ mode: 'number' }).notNull()
})

export type BlockedHostRow = typeof blockedHosts.$inferSelect
