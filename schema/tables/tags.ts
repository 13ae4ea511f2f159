import { sql } from 'drizzle-orm'
import { pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * Tags with a colour, or without links. Links hold the names of their tags themselves; a name without a row
 * here is a tag without a colour.
 */
export const tags = pgTable('tags', {
  /** Trimmed, in lower case. */
  name: text().primaryKey(),
  /** As `#rrggbb`. */
  color: text(),
  createdAt: instant('created_at', { precision: 0 }).notNull().default(sql`date_trunc('second', now())`)
})

export type TagRow = typeof tags.$inferSelect
