import {
  and,
  asc,
  type Column,
  count,
  eq,
  gte,
  isNull,
  or,
  type Placeholder,
  type SQL,
  sql
} from 'drizzle-orm'
import type { OwnerFilter } from '#platform/access/caller.ts'
import { createBucketCounter } from '#platform/database/count-buckets.ts'
import { patternOf } from '#platform/database/folding.ts'
import type { Executor } from '#platform/database/index.ts'
import { type JsonChunk, type ListChunk, readChunk, selectChunk } from '#platform/database/json-list.ts'
import type { Place } from '#platform/database/page-index.ts'
import { prepareQuery } from '#platform/database/prepared.ts'
import type { LinkKey } from '#schema/link-key.ts'
import { type UrlRow, urls } from '#schema/tables/urls.ts'
import { RESERVED_CODES } from './codes.ts'
import { type CachedColumn, FIELDS, SHOWN, type UrlColumns } from './fields.ts'

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
export async function lockUrl(
  on: Executor,
  id: number,
  ownerFilter: OwnerFilter,
  which: 'live' | 'deleted too' = 'live'
): Promise<UrlRow | null> {
  const [row] = await on
    .select()
    .from(urls)
    .where(and(eq(urls.id, id), which === 'live' ? live : undefined, owned(ownerFilter)))
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

const searched = [urls.originalUrl, urls.title, urls.shortCode]

/**
 * What a filter compares, each with a placeholder of its name. PostgreSQL folds ASCII alike in every locale,
 * in half the time that a pattern takes.
 */
const COMPARISONS: Record<string, (value: Placeholder) => SQL | undefined> = {
  owner: (value) => eq(urls.userId, value),
  userId: (value) => eq(urls.userId, value),
  isActive: (value) => eq(urls.isActive, value),
  shortCode: (value) => eq(urls.shortCode, value),
  ascii: (value) => or(...searched.map((column) => sql`${column} collate "C" ilike ${value}`)),
  pattern: (value) => or(...searched.map((column) => sql`${column} ~ ${value}`))
}

/** Compares what `shape` names. */
function comparing(shape: string): SQL | undefined {
  const names = shape.split(',').filter(Boolean)
  return and(live, ...names.map((name) => COMPARISONS[name]?.(sql.placeholder(name))))
}

/** Returns the values of the placeholders that a filter needs, and the shape that names them. */
function compare({ text, ...filter }: UrlFilter): { values: Record<string, unknown>; shape: string } {
  const values: Record<string, unknown> = { ...filter }
  if (text !== undefined && /^[\0-\x7f]*$/.test(text))
    values['ascii'] = `%${text.replace(/[\\%_]/g, '\\$&')}%`
  else if (text !== undefined) values['pattern'] = patternOf(text)
  const shape = Object.keys(COMPARISONS).filter((name) => values[name] !== undefined)
  return { values, shape: shape.join() }
}

const listMatching = prepareQuery<JsonChunk[]>('list_urls', (on, shape) => {
  const page = on
    .select()
    .from(urls)
    .where(and(comparing(shape), gte(urls.id, sql.placeholder('fromId'))))
    .orderBy(asc(urls.id))
    .limit(sql.placeholder('most'))
    .offset(sql.placeholder('skip'))
    .as('page')
  return selectChunk(on, page, {
    id: page.id,
    ...Object.fromEntries(SHOWN.map(({ name, column }) => [name, page[column]])),
    short_url: sql`${sql.placeholder('base')}::text || ${pathOf(page.shortCode)}`
  })
})

/** The path of a code, as in presentUrl. */
function pathOf(code: Column): SQL {
  const reserved = sql.raw([...RESERVED_CODES].map((word) => `'${word}'`).join())
  return sql`case when lower(${code} collate "C") in (${reserved}) then '/s/' else '/' end || ${code}`
}

const countMatching = prepareQuery<{ total: number }[]>('count_urls', (on, shape) =>
  on.select({ total: count() }).from(urls).where(comparing(shape))
)

/**
 * Returns at most `limit` matching urls in the order of ids, from `fromId`, after the first `skip`. `base` as
 * in presentUrl.
 */
export function listUrls(
  on: Executor,
  filter: UrlFilter,
  { fromId, skip }: Place,
  { limit, base }: { limit: number; base: string }
): Promise<ListChunk> {
  const { values, shape } = compare(filter)
  return readChunk(limit, (most) => listMatching(on, { ...values, fromId, skip, most, base }, shape))
}

/** Returns the function that counts matching urls; undefined if all match. */
export function counterOf(filter: UrlFilter): ((on: Executor) => Promise<number>) | undefined {
  const { values, shape } = compare(filter)
  if (shape === '') return undefined
  return async (on) => (await countMatching(on, values, shape))[0]?.total ?? 0
}

/** Counts the urls that are not deleted, by buckets of ids. */
export const countUrlBuckets = createBucketCounter(urls, urls.id, live)

type CachedUrl = Pick<UrlRow, CachedColumn | 'domain' | 'version'>

const selectByKeys = prepareQuery<CachedUrl[]>('find_urls_by_key', (on) => {
  const cached = Object.fromEntries(
    FIELDS.filter(({ isCached }) => isCached).map(({ column }) => [column, urls[column]])
  ) as Pick<typeof urls, CachedColumn>
  return on
    .select({ ...cached, domain: urls.domain, version: urls.version })
    .from(urls)
    .where(
      sql`${urls.domain} = any(${sql.placeholder('domains')}::text[])
        and ${urls.shortCode} = any(${sql.placeholder('codes')}::text[])`
    )
})

/**
 * Returns what redirects need of urls, even if deleted. Includes urls that pair a domain with the code of
 * another key.
 */
export function findUrlsByKeys(on: Executor, keys: readonly LinkKey[]): Promise<CachedUrl[]> {
  const domains = [...new Set(keys.map(({ domain }) => domain))]
  return selectByKeys(on, { domains, codes: keys.map(({ code }) => code) })
}
