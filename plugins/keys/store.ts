import { and, eq, gt, isNull, or, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { columnOf } from '#platform/database/sql-column.ts'
import { type ApiKeyRow, apiKeys } from '#schema/tables/api-keys.ts'

/** All SQL of keys. Functions run on the given executor: the pool or a transaction. */

export type NewKey = Pick<
  ApiKeyRow,
  'publicId' | 'secretHash' | 'name' | 'role' | 'scopes' | 'userId' | 'expiresAt'
>

/** Inserts a key; returns null if its id already exists. */
export async function insertKey(on: Executor, key: NewKey): Promise<ApiKeyRow | null> {
  const [row] = await on.insert(apiKeys).values(key).onConflictDoNothing().returning()
  return row ?? null
}

export async function findKey(on: Executor, publicId: string): Promise<ApiKeyRow | null> {
  const [row] = await on.select().from(apiKeys).where(eq(apiKeys.publicId, publicId))
  return row ?? null
}

/** Reads a key and locks it until the transaction ends. */
export async function lockKey(on: Executor, publicId: string): Promise<ApiKeyRow | null> {
  const [row] = await on.select().from(apiKeys).where(eq(apiKeys.publicId, publicId)).for('update')
  return row ?? null
}

/** True if there is a key that is neither revoked nor expired. */
export async function isAnyKeyGood(on: Executor): Promise<boolean> {
  const rows = await on
    .select({ id: apiKeys.publicId })
    .from(apiKeys)
    .where(and(isNull(apiKeys.revokedAt), or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, sql`now()`))))
    .limit(1)
  return rows.length > 0
}

const next = sql`${apiKeys.version} + 1`

export async function replaceSecret(on: Executor, publicId: string, secretHash: Buffer): Promise<ApiKeyRow> {
  const [row] = await on
    .update(apiKeys)
    .set({ secretHash, version: next })
    .where(eq(apiKeys.publicId, publicId))
    .returning()
  return row as ApiKeyRow
}

/** Revokes a key and returns it, or null if it is already revoked or unknown. */
export async function revokeKey(on: Executor, publicId: string): Promise<ApiKeyRow | null> {
  const [row] = await on
    .update(apiKeys)
    .set({ revokedAt: sql`now()`, version: next })
    .where(and(eq(apiKeys.publicId, publicId), isNull(apiKeys.revokedAt)))
    .returning()
  return row ?? null
}

/**
 * Revokes the keys of a user, and those of `formerIds` without an owner. It removes their owner and sets
 * `columns`. Returns the changed keys.
 */
export function revokeKeysOfUser(
  on: Executor,
  { userId, formerIds }: { userId: number; formerIds: readonly string[] },
  columns: { name?: string }
): Promise<ApiKeyRow[]> {
  return on
    .update(apiKeys)
    .set({ ...columns, revokedAt: sql`coalesce(${apiKeys.revokedAt}, now())`, userId: null, version: next })
    .where(
      or(
        eq(apiKeys.userId, userId),
        and(isNull(apiKeys.userId), sql`${apiKeys.publicId} = any(${sql.param(formerIds)}::text[])`)
      )
    )
    .returning()
}

/**
 * Stores when keys were last used (milliseconds since the epoch), in one statement. It never sets an earlier
 * time.
 */
export async function storeLastUsed(
  on: Executor,
  lastUsed: readonly (readonly [id: string, at: number])[]
): Promise<void> {
  await on.execute(sql`
    update ${apiKeys} as k set last_used_at = greatest(k.last_used_at, to_timestamp(used.at / 1000))
    from unnest(
      ${columnOf(lastUsed, ([id]) => id)}::text[],
      ${columnOf(lastUsed, ([, at]) => at)}::bigint[]
    ) as used(public_id, at)
    where k.public_id = used.public_id`)
}
