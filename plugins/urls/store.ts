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

/** All SQL of urls. Every function takes an executor: the pool or a transaction. */

export interface UrlFilter {
  /** Restricts every other filter to this user. */
  owner?: number | undefined
  userId?: number | undefined
  isActive?: boolean | undefined
  shortCode?: string | undefined
  /** Part of the target, the title or the code; ignores case. */
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

/** Returns the urls with these ids, even if deleted. */
export function findUrls(on: Executor, ids: readonly (number | string)[]): Promise<UrlRow[]> {
  return selectUrls(on, { ids })
}

/** Reads a url and locks it against changes until the transaction ends. */
export async function lockUrl(on: Executor, id: number, ownerFilter: OwnerFilter): Promise<UrlRow | null> {
  const [row] = await on
    .select()
    .from(urls)
    .where(and(eq(urls.id, id), live, owned(ownerFilter)))
    .for('update')
  return row ?? null
}

/** Sets columns; increments `version` and sets `updated_at`. */
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

/** Removes the owner from all urls of a user, even deleted ones, and sets `columns`. Returns the new rows. */
export async function disownUrls(on: Executor, of: UrlsOfUser, columns: UrlColumns = {}): Promise<UrlRow[]> {
  return on
    .update(urls)
    .set({ ...columns, userId: null, version: sql`${urls.version} + 1` })
    .where(belongingTo(of))
    .returning()
}

/** Marks all urls of a user deleted. Returns the rows that were not deleted before. */
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

/** Returns at most `limit` matching urls in the order of ids, from `fromId`, after the first `skip`. */
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

/** Counts the urls that are not deleted, by buckets of ids. */
export const countUrlBuckets = createBucketCounter(urls, urls.id, live)

/** Returns the keys of `filter` that are set. */
function shapeOf(filter: Omit<UrlFilter, 'text'>): string {
  return (Object.keys(COMPARED) as Compared[]).filter((key) => filter[key] !== undefined).join()
}

/** Compares the columns in `shape` with placeholders. */
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

/**
 * Matches a column that contains `text` in any case. PostgreSQL folds ASCII alike in every locale, in half
 * the time.
 */
function containing(text: string): (column: PgColumn) => SQL {
  if (!/^[\0-\x7f]*$/.test(text)) return (column) => sql`${column} ~ ${patternOf(text)}`
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`
  return (column) => sql`${column} collate "C" ilike ${pattern}`
}

/**
 * Prepares the lookup of redirects once; unprepared it costs 2.5 times as much CPU. Returns deleted urls too,
 * and urls that pair a domain with the code of another key.
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
