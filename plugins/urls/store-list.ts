import { and, asc, type Column, count, gte, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { createBucketCounter } from '#platform/database/count-buckets.ts'
import type { Executor } from '#platform/database/index.ts'
import { type JsonChunk, type ListChunk, readChunk, selectChunk } from '#platform/database/json-list.ts'
import type { Place } from '#platform/database/page-index.ts'
import { prepareQuery } from '#platform/database/prepared.ts'
import { createFilter, equals, flag, period, search, type Wanted } from '#platform/lists/filter.ts'
import { createSortedList, type Sort } from '#platform/lists/sorted.ts'
import type { URL_SORTS } from '#schema/shapes/url.ts'
import { searchedText, titleOrder, type UrlRow, urls } from '#schema/tables/urls.ts'
import { RESERVED_CODES } from './codes.ts'
import { SHOWN } from './fields.ts'
import { live } from './store.ts'

/** Lists of urls: their filters, pages by number, and sorted pages. */

const isExpired = sql`coalesce(${urls.expiresAt} <= now(), false)`

/** `owner` restricts all other filters to that user. */
export const urlFilter = createFilter(live, {
  owner: equals(urls.userId),
  user_id: equals(urls.userId),
  is_active: flag(urls.isActive),
  short_code: equals(urls.shortCode),
  ...search([urls.originalUrl, urls.title, urls.shortCode], searchedText(urls)),
  has_title: flag(sql`(${urls.title} is not null)`),
  expired: flag(isExpired),
  ...period(urls.createdAt, 'created_from', 'created_to'),
  ...period(urls.updatedAt, 'updated_from', 'updated_to'),
  ...period(urls.expiresAt, 'expires_from', 'expires_to')
})

/** A plan for the values: an index of trigrams helps with rare texts only. */
const isNamed = (shape: string) => shape === '' || shape === 'owner'

const listMatching = prepareQuery<JsonChunk[]>(
  'list_urls',
  (on, shape) => {
    const page = on
      .select()
      .from(urls)
      .where(and(urlFilter.where(shape), gte(urls.id, sql.placeholder('fromId'))))
      .orderBy(asc(urls.id))
      .limit(sql.placeholder('most'))
      .offset(sql.placeholder('skip'))
      .as('page')
    return selectChunk(on, page, membersOf(page))
  },
  isNamed
)

/** The members of a url in JSON, as in presentUrl. The placeholder `base` has the public address. */
function membersOf(columns: Record<keyof UrlRow, PgColumn>) {
  return {
    id: columns.id,
    ...Object.fromEntries(SHOWN.map(({ name, column }) => [name, columns[column]])),
    short_url: sql`${sql.placeholder('base')}::text || ${pathOf(columns.shortCode)}`
  }
}

/** The path of a code, as in presentUrl. */
function pathOf(code: Column): SQL {
  const reserved = sql.raw([...RESERVED_CODES].map((word) => `'${word}'`).join())
  return sql`case when lower(${code} collate "C") in (${reserved}) then '/s/' else '/' end || ${code}`
}

const countMatching = prepareQuery<{ total: number }[]>(
  'count_urls',
  (on, shape) => on.select({ total: count() }).from(urls).where(urlFilter.where(shape)),
  isNamed
)

/**
 * Returns at most `limit` matching urls in the order of ids, from `fromId`, after the first `skip`. `base` as
 * in presentUrl.
 */
export function listUrls(
  on: Executor,
  { values, shape }: Wanted,
  { fromId, skip }: Place,
  { limit, base }: { limit: number; base: string }
): Promise<ListChunk> {
  return readChunk(limit, (most) => listMatching(on, { ...values, fromId, skip, most, base }, shape))
}

/** Returns the function that counts matching urls; undefined if all match. */
export function counterOf({ values, shape }: Wanted): ((on: Executor) => Promise<number>) | undefined {
  if (shape === '') return undefined
  return async (on) => (await countMatching(on, values, shape))[0]?.total ?? 0
}

/** Counts the urls that are not deleted, by buckets of ids. */
export const countUrlBuckets = createBucketCounter(urls, urls.id, live)

const sorts: Record<(typeof URL_SORTS)[number], Sort> = {
  id: { by: urls.id, type: 'bigint' },
  created_at: { by: urls.createdAt, type: 'time' },
  updated_at: { by: urls.updatedAt, type: 'time' },
  expires_at: { by: urls.expiresAt, type: 'time', isNullable: true },
  user_id: { by: urls.userId, type: 'bigint', isNullable: true },
  short_code: { by: urls.shortCode, type: 'text' },
  title: { by: titleOrder(urls), type: 'text', isNullable: true }
}

export const readSortedUrls = createSortedList({
  name: 'urls',
  table: urls,
  id: { column: urls.id, type: 'bigint' },
  sorts,
  filter: urlFilter,
  members: membersOf(urls)
})
