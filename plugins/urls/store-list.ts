import { type Placeholder, type SQL, sql } from 'drizzle-orm'
import { type Comparison, choice, equals, period } from '#platform/lists/filter.ts'
import { defineList } from '#platform/lists/list.ts'
import { search } from '#platform/lists/search.ts'
import type { Sort } from '#platform/lists/sorted.ts'
import { readTagList } from '#schema/shapes/tag.ts'
import { type URL_SORTS, UrlQuery } from '#schema/shapes/url-query.ts'
import { hasOddTarget, searchedText, specialCharacters, titleOrder, urls } from '#schema/tables/urls.ts'
import { type Codes, RESERVED_CODES } from './codes.ts'
import { SHOWN, shownName } from './fields.ts'
import type { LinkField } from './link-field.ts'
import { live } from './store.ts'
import { isActiveInSql, STATE_CONDITIONS, stateInSql } from './store-state.ts'

const sorts: Record<(typeof URL_SORTS)[number], Sort> = {
  id: { by: urls.id, type: 'bigint' },
  created_at: { by: urls.createdAt, type: 'time' },
  updated_at: { by: urls.updatedAt, type: 'time' },
  expires_at: { by: urls.expiresAt, type: 'time', isNullable: true },
  user_id: { by: urls.userId, type: 'bigint', isNullable: true },
  short_code: { by: urls.shortCode, type: 'text' },
  title: { by: titleOrder(urls), type: 'text', isNullable: true }
}

/** The condition of the index of tags. */
const isTagged = sql`${urls.tags} <> '{}'`

/** The filters of `state`, except for blocked links, see blocked.ts. */
function states(): Record<string, Comparison> {
  const entries = Object.entries(STATE_CONDITIONS).map(([state, condition]): [string, Comparison] => [
    `state.${state}`,
    {
      compare: () => condition,
      read: (wanted) => (wanted === state ? true : undefined),
      ...(state === 'deleted' && { replacesBase: true })
    }
  ])
  return Object.fromEntries(entries)
}

/** As visitsLeftOf. */
const visitsLeft = sql`case when ${urls.maxVisits} is not null
  then greatest(${urls.maxVisits} - ${urls.visitsUsed}, 0) end`

/** The links that have a code, as their own or as an alias; in any case unless case matters. */
function hasCode(code: Placeholder, isCaseSensitive: boolean): SQL {
  const folded = sql`or (holder.domain = '' and holder.folded_code = lower(${code}::text collate "C"))`
  return sql`${urls.id} in (
    select coalesce(holder.alias_of, holder.id) from urls as holder
    where holder.short_code = ${code} ${isCaseSensitive ? sql`` : folded}
  )`
}

/** The path of a url, as in presentUrl. */
function shortPath(): SQL {
  const reserved = sql.raw([...RESERVED_CODES].map((word) => `'${word}'`).join())
  const isReserved = sql`lower(${urls.shortCode} collate "C") in (${reserved})`
  return sql`case when ${isReserved} then '/s/' else '/' end || ${urls.shortCode}`
}

/** As presentField. */
function shownValue({ column, secret }: LinkField) {
  return secret === undefined ? urls[column] : sql`(${urls[column]} is not null)`
}

/** Opens the list of urls that are not deleted. The placeholder `base` is as in presentUrl. */
export const openUrlList = ({ isCaseSensitive }: Pick<Codes, 'isCaseSensitive'>, changes: () => number) =>
  defineList({
    name: 'urls',
    query: UrlQuery,
    table: urls,
    id: urls.id,
    base: live,
    sorts,
    comparisons: {
      owner: equals(urls.userId),
      user_id: equals(urls.userId),
      ...choice('is_active', isActiveInSql, sql`not ${urls.isActive} and not ${urls.isGuarded}`),
      short_code: { compare: (code) => hasCode(code, isCaseSensitive) },
      ...search([urls.originalUrl, urls.title, urls.shortCode], {
        text: searchedText(urls),
        special: specialCharacters(urls)
      }),
      ...choice('has_title', sql`${urls.title} is not null`, sql`${urls.title} is null`),
      ...choice(
        'expired',
        sql`${urls.expiresAt} <= now()`,
        sql`(${urls.expiresAt} is null or ${urls.expiresAt} > now())`
      ),
      ...period(urls.createdAt, 'created_from', 'created_to'),
      ...period(urls.updatedAt, 'updated_from', 'updated_to'),
      ...period(urls.expiresAt, 'expires_from', 'expires_to'),
      tags: { read: readTagList, compare: (names) => sql`${isTagged} and ${urls.tags} && ${names}::text[]` },
      all_tags: {
        read: readTagList,
        compare: (names) => sql`${isTagged} and ${urls.tags} @> ${names}::text[]`
      },
      exclude_tags: { read: readTagList, compare: (names) => sql`not (${urls.tags} && ${names}::text[])` },
      ...states(),
      blocked_text: {
        compare: (pattern) => sql`${pattern}::text is not null
        and (${searchedText(urls)} ~ ${pattern}::text or ${hasOddTarget(urls)})`
      },
      ...choice(
        'has_password',
        sql`${urls.passwordVersion} is not null`,
        sql`${urls.passwordVersion} is null`
      )
    },
    members: {
      id: urls.id,
      ...Object.fromEntries(SHOWN.map((field) => [shownName(field), shownValue(field)])),
      is_active: isActiveInSql,
      state: stateInSql(),
      visits_left: visitsLeft,
      short_url: sql`${sql.placeholder('base')}::text || ${shortPath()}`
    }
  })(changes)
