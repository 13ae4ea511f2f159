import { and, eq, gt, isNull, ne, type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { OwnerFilter } from '#platform/access/caller.ts'
import type { Executor } from '#platform/database/index.ts'
import type { ListChunk } from '#platform/database/json-list.ts'
import { type EventRow, events } from '#schema/tables/events.ts'
import { urls } from '#schema/tables/urls.ts'
import { users } from '#schema/tables/users.ts'
import { readEventChunk } from './store-chunks.ts'

/** All SQL of events. Every function takes an executor: the pool or a transaction. */

export interface EventRecord {
  urlId: number
  userId: number | null
  eventType: string
  details: Record<string, unknown>
}

/** Returns an INSERT of the rows of a select: url_id, user_id, event_type, details. */
export function insertionOf(rows: SQL): SQL {
  return sql`insert into ${events} (url_id, user_id, event_type, details) ${rows}`
}

export async function insertEvents(on: Executor, records: EventRecord[]): Promise<EventRow[]> {
  return on.insert(events).values(records).returning()
}

/** The condition of the events of a user's urls, even if deleted. */
export const ofUrlsOf = (userId: number | Placeholder) =>
  sql`${events.urlId} in (select ${urls.id} from ${urls} where ${urls.userId} = ${userId})`

export async function findEvent(
  on: Executor,
  id: number,
  ownerFilter: OwnerFilter
): Promise<EventRow | null> {
  const [row] = await on
    .select()
    .from(events)
    .where(and(eq(events.id, id), ownerFilter === 'all' ? undefined : ofUrlsOf(ownerFilter)))
    .limit(1)
  return row ?? null
}

/**
 * Empties the details of a user's events and of the events of its urls. Clicks keep theirs: they describe
 * visitors, without names.
 */
export async function eraseDetails(on: Executor, userId: number, urlIds: readonly number[]): Promise<void> {
  const kept = and(ne(events.eventType, 'click'), sql`${events.details} <> '{}'::jsonb`)
  for (const whose of [eq(events.userId, userId), sql`${events.urlId} = any(${sql.param(urlIds)}::bigint[])`])
    await on.update(events).set({ details: {} }).where(and(whose, kept))
}

/**
 * Locks a url for share until the transaction ends. Returns false if it is deleted or the filter excludes it.
 */
export async function lockUrlForShare(on: Executor, id: number, ownerFilter: OwnerFilter): Promise<boolean> {
  const owned = ownerFilter === 'all' ? undefined : eq(urls.userId, ownerFilter)
  const live = and(eq(urls.id, id), isNull(urls.deletedAt), owned)
  return (await on.select({ id: urls.id }).from(urls).where(live).for('share')).length > 0
}

/** Locks a user for share until the transaction ends. Returns false if the user does not exist. */
export async function lockUserForShare(on: Executor, id: number): Promise<boolean> {
  return (await on.select({ id: users.id }).from(users).where(eq(users.id, id)).for('key share')).length > 0
}

/** A position in paged events: at most `limit` after the id `after`. */
export interface After {
  after: number
  limit: number
}

/** Returns the events of a link. */
export function readEventsOfUrl(on: Executor, urlId: number, { after, limit }: After): Promise<ListChunk> {
  return readEventChunk(on, and(eq(events.urlId, urlId), gt(events.id, after)), limit)
}

/** Returns a user's events on links that it does not own. */
export function readEventsElsewhere(
  on: Executor,
  userId: number,
  { after, limit }: After
): Promise<ListChunk> {
  const isOwn = sql`exists (select from ${urls} where ${urls.id} = ${events.urlId} and ${urls.userId} = ${userId})`
  return readEventChunk(on, and(eq(events.userId, userId), sql`not ${isOwn}`, gt(events.id, after)), limit)
}
