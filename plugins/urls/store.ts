import { and, asc, count, eq, gte, isNull, or, type SQL, sql } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { OwnerFilter } from '#platform/access/caller.ts'
import { createBucketCounter } from '#platform/database/count-buckets.ts'
import { patternOf } from '#platform/database/folding.ts'
import type { Executor } from '#platform/database/index.ts'
import type { Place } from '#platform/database/page-index.ts'
import { prepareQuery } from '#platform/database/prepared.ts'
import { type RowChunk, readChunk } from '#platform/database/row-chunks.ts'
import { type UrlRow, urls } from '#schema/tables/urls.ts'
import { type CachedColumn, FIELDS, type UrlColumns } from './fields.ts'

/** All SQL of urls. Every function runs on the executor it is given: the pool or a transaction. */

export interface UrlFilter {
  /** Only this user's, whatever else is asked for. */
  owner?: number | undefined
  userId?: number | undefined
  isActive?: boolean | undefined
  shortCode?: string | undefined
  /** Part of the target, the title or the code, in any case. */
  text?: string | undefined
}

const live = isNull(urls.deletedAt)

const owned = (ownerFilter: OwnerFilter) => (ownerFilter === 'all' ? undefined : eq(urls.userId, ownerFilter))

const selectUrls = prepareQuery<UrlRow[]>('find_urls', (on) =>
  on
    .select()
    .from(urls)
    .where(sql`${urls.id} = any(${sql.placeholder('ids')}::bigint[])`)
)

/** The urls with these ids, deleted ones too. */
export function findUrls(on: Executor, ids: readonly (number | string)[]): Promise<UrlRow[]> {
  return selectUrls(on, { ids })
}

/** Reads a url and keeps others from changing it until the transaction ends. */
export async function lockUrl(on: Executor, id: number, ownerFilter: OwnerFilter): Promise<UrlRow | null> {
  const [row] = await on
    .select()
    .from(urls)
    .where(and(eq(urls.id, id), live, owned(ownerFilter)))
    .for('update')
  return row ?? null
}

/** Sets columns and moves `version` and `updated_at` on. */
export async function updateUrl(on: Executor, id: number, columns: UrlColumns): Promise<UrlRow> {
  const [row] = await on
    .update(urls)
    .set({ ...columns, version: sql`${urls.version} + 1`, updatedAt: sql`date_trunc('second', now())` })
    .where(eq(urls.id, id))
    .returning()
  return row as UrlRow
}

/** The urls of a user, and those of `formerIds` without an owner. */
interface UrlsOfUser {
  userId: number
  formerIds: readonly number[]
}

const belongingTo = ({ userId, formerIds }: UrlsOfUser) =>
  or(
    eq(urls.userId, userId),
    and(isNull(urls.userId), sql`${urls.id} = any(${sql.param(formerIds)}::bigint[])`)
  )

/** Takes the owner off all urls of a user, deleted ones too, and sets `columns`. Gives the rows as they are now. */
export async function disownUrls(on: Executor, of: UrlsOfUser, columns: UrlColumns = {}): Promise<UrlRow[]> {
  return on
    .update(urls)
    .set({ ...columns, userId: null, version: sql`${urls.version} + 1` })
    .where(belongingTo(of))
    .returning()
}

/** Marks all urls of a user deleted. Gives the rows that were not before. */
export async function deleteUrlsOfUser(on: Executor, of: UrlsOfUser): Promise<UrlRow[]> {
  const now = sql`date_trunc('second', now())`
  return on
    .update(urls)
    .set({ deletedAt: now, updatedAt: now, version: sql`${urls.version} + 1` })
    .where(and(belongingTo(of), live))
    .returning()
}

/** The columns that a filter compares, by its keys. */
const COMPARED = {
  owner: urls.userId,
  userId: urls.userId,
  isActive: urls.isActive,
  shortCode: urls.shortCode
} as const
type Compared = keyof typeof COMPARED

const listPrepared = prepareQuery<UrlRow[]>('list_urls', (on, shape) =>
  on
    .select()
    .from(urls)
    .where(and(comparing(shape), gte(urls.id, sql.placeholder('fromId'))))
    .orderBy(asc(urls.id))
    .limit(sql.placeholder('most'))
    .offset(sql.placeholder('skip'))
)

const countPrepared = prepareQuery<{ total: number }[]>('count_urls', (on, shape) =>
  on.select({ total: count() }).from(urls).where(comparing(shape))
)

/** A chunk of the urls that match, `limit` at most, in the order of ids, from `fromId` on after skipping `skip`. */
export function listUrls(
  on: Executor,
  { text, ...filter }: UrlFilter,
  { fromId, skip }: Place,
  limit: number
): Promise<RowChunk<UrlRow>> {
  return readChunk(limit, (most) =>
    text === undefined
      ? listPrepared(on, { ...filter, fromId, skip, most }, shapeOf(filter))
      : on
          .select()
          .from(urls)
          .where(and(matching(filter, text), gte(urls.id, fromId)))
          .orderBy(asc(urls.id))
          .limit(most)
          .offset(skip)
  )
}

export async function countUrls(on: Executor, { text, ...filter }: UrlFilter): Promise<number> {
  const [counted] = await (text === undefined
    ? countPrepared(on, filter, shapeOf(filter))
    : on.select({ total: count() }).from(urls).where(matching(filter, text)))
  return counted?.total ?? 0
}

/** The urls that are not deleted, counted by buckets of ids. */
export const countUrlBuckets = createBucketCounter(urls, urls.id, live)

/** The keys of `filter` that are set. */
function shapeOf(filter: Omit<UrlFilter, 'text'>): string {
  return (Object.keys(COMPARED) as Compared[]).filter((key) => filter[key] !== undefined).join()
}

/** Compares the columns that `shape` names with placeholders. */
function comparing(shape: string): SQL | undefined {
  const keys = shape.split(',').filter(Boolean) as Compared[]
  return and(live, ...keys.map((key) => eq(COMPARED[key], sql.placeholder(key))))
}

function matching(filter: Omit<UrlFilter, 'text'>, text: string): SQL | undefined {
  const given = (Object.keys(COMPARED) as Compared[]).filter((key) => filter[key] !== undefined)
  return and(
    live,
    ...given.map((key) => sql`${COMPARED[key]} = ${sql.param(filter[key], COMPARED[key])}`),
    or(...[urls.originalUrl, urls.title, urls.shortCode].map(containing(text)))
  )
}

/** A column that contains `text` in any case. Of ASCII the database folds the case alike with every locale, in half the time. */
function containing(text: string): (column: PgColumn) => SQL {
  if (!/^[\0-\x7f]*$/.test(text)) return (column) => sql`${column} ~ ${patternOf(text)}`
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`
  return (column) => sql`${column} collate "C" ilike ${pattern}`
}

/**
 * The look-up of redirects, prepared once: unprepared it costs 2.5 times as much CPU. Includes deleted urls, and urls that
 * pair a domain with a code of another key.
 */
export function prepareFindByKeys(db: NodePgDatabase<Record<string, never>>, statementName: string) {
  const cached = Object.fromEntries(
    FIELDS.filter(({ isCached }) => isCached).map(({ column }) => [column, urls[column]])
  ) as Pick<typeof urls, CachedColumn>
  return db
    .select({ ...cached, domain: urls.domain, version: urls.version })
    .from(urls)
    .where(
      sql`${urls.domain} = any(${sql.placeholder('domains')}::text[])
        and ${urls.shortCode} = any(${sql.placeholder('codes')}::text[])`
    )
    .prepare(statementName)
}
