import { sql } from 'drizzle-orm'
import { bigint, boolean, index, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'

/**
 * Short links. Deleting sets `deleted_at`: the row, its code and its events stay. `version` grows with each
 * change, so that a cache fill that was read before a change can't replace one read after it.
 * `user_id` has no foreign key: real sets hold links whose owner is loaded later or never.
 */
export const urls = pgTable(
  'urls',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    userId: bigint('user_id', { mode: 'number' }),
    shortCode: text('short_code').notNull().unique(),
    originalUrl: text('original_url').notNull(),
    title: text(),
    isActive: boolean('is_active').notNull().default(true),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 0 })
      .notNull()
      .default(sql`date_trunc('second', now())`),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 0 })
      .notNull()
      .default(sql`date_trunc('second', now())`),
    expiresAt: timestamp('expires_at', { withTimezone: true, precision: 0 }),
    deletedAt: timestamp('deleted_at', { withTimezone: true, precision: 0 }),
    version: integer().notNull().default(1)
  },
  (table) => [index('urls_user').on(table.userId, table.id)]
)

export type UrlRow = typeof urls.$inferSelect
