import { sql } from 'drizzle-orm'
import { bigint, boolean, index, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

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
    createdAt: instant('created_at', { precision: 0 }).notNull().default(sql`date_trunc('second', now())`),
    updatedAt: instant('updated_at', { precision: 0 }).notNull().default(sql`date_trunc('second', now())`),
    expiresAt: instant('expires_at', { precision: 0 }),
    deletedAt: instant('deleted_at', { precision: 0 }),
    note: text(),
    version: integer().notNull().default(1)
  },
  (table) => [index('urls_user').on(table.userId, table.id)]
)

export type UrlRow = typeof urls.$inferSelect
