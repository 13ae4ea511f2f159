import { sql } from 'drizzle-orm'
import { bigint, boolean, index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * Short links. Deleting sets `deleted_at`; the row, its code and its events remain. Each change increments
 * `version`, so that a cache fill read before a change can't replace one read after it. `user_id` has no
 * foreign key: imports contain links whose owner comes later or never.
 */
export const urls = pgTable(
  'urls',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    userId: bigint('user_id', { mode: 'number' }),
    /** Host of the domain that has the code; empty for the default domain. */
    domain: text().notNull().default(''),
    /**
     * Unique without the domain until the next release: the previous release inserts `on conflict
     * (short_code)`.
     */
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
  (table) => [
    uniqueIndex('urls_link_key').on(table.domain, table.shortCode),
    index('urls_user').on(table.userId, table.id)
  ]
)

export type UrlRow = typeof urls.$inferSelect
