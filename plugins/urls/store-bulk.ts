import { and, asc, eq, getTableColumns, sql } from 'drizzle-orm'
import type { OwnerFilter } from '#platform/access/caller.ts'
import type { Executor } from '#platform/database/index.ts'
import { formatInstant } from '#schema/tables/instant.ts'
import { type UrlRow, urls } from '#schema/tables/urls.ts'
import { FIELDS } from './fields.ts'
import { guard, readGuarded } from './guard.ts'
import type { LinkField } from './link-field.ts'
import { live } from './store.ts'

/** The SQL of changes to urls, one or many. Every function takes an executor: the pool or a transaction. */

/**
 * Reads urls and locks them against changes until the transaction ends, in the order of ids, so that two of
 * these transactions do not wait for each other. Urls that the filter excludes are missing, and deleted ones
 * unless `which` includes them.
 */
export async function lockUrls(
  on: Executor,
  ids: readonly number[],
  ownerFilter: OwnerFilter,
  which: 'live' | 'deleted too' = 'live'
): Promise<UrlRow[]> {
  const owned = ownerFilter === 'all' ? undefined : eq(urls.userId, ownerFilter)
  const rows = await on
    .select()
    .from(urls)
    .where(
      and(sql`${urls.id} = any(${sql.param(ids)}::bigint[])`, which === 'live' ? live : undefined, owned)
    )
    .orderBy(asc(urls.id))
    .for('update')
  return rows.map(readGuarded)
}

const WRITTEN: { name: string; type: LinkField['type']; column: LinkField['column'] }[] = [
  ...FIELDS.filter(({ setOn, column }) => setOn === 'change' || column === 'deletedAt'),
  { column: 'isGuarded', name: 'is_guarded', type: 'boolean' },
  { column: 'foldedCode', name: 'folded_code', type: 'text' }
]
const COLUMNS = sql.raw(WRITTEN.map(({ name, type }) => `${name} ${type}`).join())
const VALUES = Object.fromEntries(WRITTEN.map(({ name, column }) => [column, sql.raw(`changed.${name}`)]))

/** JSON has years past 9999 and before 1 in a form that PostgreSQL does not read. */
const toLiteral = (value: unknown) => (value instanceof Date ? formatInstant(value) : value)

/**
 * Writes locked rows in one statement, however they differ; increments `version` and sets `updated_at`.
 * Returns the new rows, in any order.
 */
export async function updateUrls(on: Executor, rows: readonly UrlRow[]): Promise<UrlRow[]> {
  const records = rows.map((row) => {
    const stored = { ...row, ...guard(row) }
    return [['id', row.id], ...WRITTEN.map(({ name, column }) => [name, toLiteral(stored[column])])]
  })
  const json = JSON.stringify(records.map((entries) => Object.fromEntries(entries)))
  const updated = await on
    .update(urls)
    .set({ ...VALUES, version: sql`${urls.version} + 1`, updatedAt: sql`date_trunc('second', now())` })
    .from(sql`jsonb_to_recordset(${json}::jsonb) as changed(id bigint, ${COLUMNS})`)
    .where(sql`${urls.id} = changed.id`)
    .returning(getTableColumns(urls))
  return updated.map(readGuarded)
}
