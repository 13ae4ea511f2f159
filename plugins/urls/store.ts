import { and, eq, isNull, or, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Executor } from '#platform/database/index.ts'
import { prepareQuery } from '#platform/database/prepared.ts'
import type { LinkKey } from '#schema/link-key.ts'
import { type UrlRow, urls } from '#schema/tables/urls.ts'
import { type CachedColumn, FIELDS, type UrlColumns } from './fields.ts'
import { readGuarded } from './guard.ts'

/** All SQL of urls. Every function takes an executor: the pool or a transaction. */

/** The condition of urls that are not deleted. */
export const live = isNull(urls.deletedAt)

const selectUrls = prepareQuery<UrlRow[]>('find_urls', (on) =>
  on
    .select()
    .from(urls)
    .where(sql`${urls.id} = any(${sql.placeholder('ids')}::bigint[])`)
)

/** Returns the urls with these ids, even if deleted. */
export async function findUrls(on: Executor, ids: readonly (number | string)[]): Promise<UrlRow[]> {
  return (await selectUrls(on, { ids })).map(readGuarded)
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
  const rows = await on
    .update(urls)
    .set({ ...columns, userId: null, version: sql`${urls.version} + 1` })
    .where(belongingTo(of))
    .returning()
  return rows.map(readGuarded)
}

/** Marks all urls of a user deleted. Returns the rows that were not deleted before. */
export async function deleteUrlsOfUser(on: Executor, of: UrlsOfUser): Promise<UrlRow[]> {
  const now = sql`date_trunc('second', now())`
  const rows = await on
    .update(urls)
    .set({ deletedAt: now, updatedAt: now, version: sql`${urls.version} + 1` })
    .where(and(belongingTo(of), live))
    .returning()
  return rows.map(readGuarded)
}

/** What redirects need beside the fields of `FIELDS`. */
const MORE = { version: urls.version, isGuarded: urls.isGuarded } as const

/** The row that has the requested code: that of a link, or one of an alias. */
const codes = alias(urls, 'codes')
const KEY = { domain: codes.domain, shortCode: codes.shortCode, foldedCode: codes.foldedCode } as const

type CachedUrl = Pick<UrlRow, CachedColumn | keyof typeof MORE | keyof typeof KEY>

const selectByKeys = prepareQuery<CachedUrl[]>('find_urls_by_key', (on, shape) => {
  const cached = Object.fromEntries(
    FIELDS.filter(({ isCached }) => isCached).map(({ column }) => [column, urls[column]])
  ) as Pick<typeof urls, CachedColumn>
  const code = shape === 'folded' ? codes.foldedCode : codes.shortCode
  return on
    .select({ ...cached, ...MORE, ...KEY })
    .from(codes)
    .innerJoin(urls, sql`${urls.id} = coalesce(${codes.aliasOf}, ${codes.id})`)
    .where(
      sql`${codes.domain} = any(${sql.placeholder('domains')}::text[])
        and ${code} = any(${sql.placeholder('codes')}::text[])`
    )
})

/**
 * Returns what redirects need of urls, even if deleted, with the code of the key. Includes urls that pair a
 * domain with the code of another key. The codes of `keys` are folded if `isFolded`.
 */
export async function findUrlsByKeys(
  on: Executor,
  keys: readonly LinkKey[],
  isFolded: boolean
): Promise<CachedUrl[]> {
  const domains = [...new Set(keys.map(({ domain }) => domain))]
  const values = { domains, codes: keys.map(({ code }) => code) }
  return (await selectByKeys(on, values, isFolded ? 'folded' : '')).map(readGuarded)
}
