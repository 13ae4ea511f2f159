import { count, desc, type SQL, sql } from 'drizzle-orm'
import { scopesOf } from '#platform/access/caller.ts'
import type { Executor } from '#platform/database/index.ts'
import { type JsonPage, jsonObject } from '#platform/database/json-list.ts'
import { prepareQuery } from '#platform/database/prepared.ts'
import { createFilter, equals, type Wanted } from '#platform/lists/filter.ts'
import { createSortedList, type Sort } from '#platform/lists/sorted.ts'
import { type KEY_SORTS, ROLES } from '#schema/shapes/key.ts'
import { apiKeys } from '#schema/tables/api-keys.ts'

/** Lists of keys. They have no index: there are few keys. */

const sorts: Record<(typeof KEY_SORTS)[number], Sort> = {
  id: { by: apiKeys.publicId, type: 'text' },
  name: { by: sql`lower(${apiKeys.name} collate "C")`, type: 'text' },
  created_at: { by: apiKeys.createdAt, type: 'time' },
  expires_at: { by: apiKeys.expiresAt, type: 'time', isNullable: true },
  last_used_at: { by: apiKeys.lastUsedAt, type: 'time', isNullable: true }
}

const state = sql`case when ${apiKeys.revokedAt} is not null then 'revoked'
  when ${apiKeys.expiresAt} <= now() then 'expired' else 'active' end`

export const keyFilter = createFilter(undefined, {
  role: equals(apiKeys.role),
  state: { compare: (value) => sql`${state} = ${value}` },
  user_id: equals(apiKeys.userId)
})

/** The scopes of a key, in the order of scopesOf. */
function scopes(): SQL {
  const roles = ROLES.map((role) => sql`when ${role} then ${sql.param([...scopesOf(role)])}::text[]`)
  return sql`array(select scope from unnest(case ${apiKeys.role} ${sql.join(roles, sql` `)} end)
    with ordinality as of_role(scope, place)
    where ${apiKeys.scopes} is null or scope = any(${apiKeys.scopes}) order by place)`
}

/** As in presentKey. */
const members = {
  id: apiKeys.publicId,
  name: apiKeys.name,
  role: apiKeys.role,
  scopes: scopes(),
  user_id: apiKeys.userId,
  created_at: apiKeys.createdAt,
  expires_at: apiKeys.expiresAt,
  revoked_at: apiKeys.revokedAt,
  last_used_at: apiKeys.lastUsedAt
}

const selectPage = prepareQuery<{ json: string }[]>('list_keys', (on, shape) => {
  const page = on
    .select()
    .from(apiKeys)
    .where(keyFilter.where(shape))
    .orderBy(desc(apiKeys.createdAt), desc(apiKeys.publicId))
    .limit(sql.placeholder('most'))
    .offset(sql.placeholder('skip'))
    .as('api_keys')
  return on
    .select({ json: jsonObject(members) })
    .from(page)
    .orderBy(desc(apiKeys.createdAt), desc(apiKeys.publicId))
})

const countMatching = prepareQuery<{ total: number }[]>('count_keys', (on, shape) =>
  on.select({ total: count() }).from(apiKeys).where(keyFilter.where(shape))
)

/** Reads a page by number, the newest keys first. */
export async function listKeys(
  on: Executor,
  { values, shape }: Wanted,
  { page, perPage }: { page: number; perPage: number }
): Promise<JsonPage> {
  const rows = await selectPage(on, { ...values, most: perPage, skip: (page - 1) * perPage }, shape)
  const [{ total = 0 } = {}] = await countMatching(on, values, shape)
  return { text: rows.map(({ json }) => json).join(), total, rest: null }
}

export const readSortedKeys = createSortedList({
  name: 'keys',
  table: apiKeys,
  id: { column: apiKeys.publicId, type: 'text' },
  sorts,
  filter: keyFilter,
  members
})
