import { sql } from 'drizzle-orm'
import { bigint, index, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * Events of links: created, updated, deleted, click, or a type that a client defines. The table is
 * partitioned by month of `timestamp` (see drizzle/0001). A unique key of a partitioned table must include
 * the partition key, hence the pairs. `click_id` is the UUIDv7 that a redirect gave its click; it makes
 * storing a click idempotent.
 */
export const events = pgTable(
  'events',
  {
    id: bigint({ mode: 'number' }).notNull().generatedByDefaultAsIdentity(),
    urlId: bigint('url_id', { mode: 'number' }).notNull(),
    userId: bigint('user_id', { mode: 'number' }),
    eventType: text('event_type').notNull(),
    timestamp: instant({ precision: 0 }).notNull().default(sql`date_trunc('second', now())`),
    details: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    clickId: uuid('click_id')
  },
  (table) => [
    primaryKey({ name: 'events_pkey', columns: [table.id, table.timestamp] }),
    index('events_url').on(table.urlId, table.id),
    index('events_user').on(table.userId, table.id),
    // Events arrive nearly in order of time: a few pages of BRIN find a period in millions.
    index('events_time').using('brin', table.timestamp),
    uniqueIndex('events_click').on(table.clickId, table.timestamp).where(sql`${table.clickId} is not null`)
  ]
)

export type EventRow = typeof events.$inferSelect
