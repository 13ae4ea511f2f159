import { and, eq, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import type { LinkKey } from '#schema/link-key.ts'
import { idempotencyKeys } from '#schema/tables/idempotency-keys.ts'

/** The SQL of stored answers. Every function runs on the executor that it is given. */

/** The status of an erased answer; all other stored statuses are of successes. */
export const ERASED_STATUS = 410

export interface KeyOfCaller {
  scope: string
  key: string
}

export interface KeptAnswer {
  fingerprint: string
  status: number
  /** JSON text. */
  answer: string
}

/**
 * Locks a key until the transaction ends. Returns false if another transaction holds it. PostgreSQL releases
 * the lock only when the writes of the transaction are visible. So the next statement after getting the lock
 * sees them.
 */
export async function tryToHold(on: Executor, { scope, key }: KeyOfCaller): Promise<boolean> {
  const name = `fairlead.idempotency:${scope}:${key}`
  const { rows } = await on.execute<{ held: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as held`
  )
  return rows[0]?.held === true
}

export async function findAnswer(on: Executor, { scope, key }: KeyOfCaller): Promise<KeptAnswer | null> {
  const [row] = await on
    .select()
    .from(idempotencyKeys)
    .where(
      and(
        eq(idempotencyKeys.scope, scope),
        eq(idempotencyKeys.key, key),
        sql`${idempotencyKeys.createdAt} > now() - interval '1 day'`
      )
    )
  return row ?? null
}

/** Stores an answer; replaces an expired one that was not deleted yet. */
export async function keepAnswer(on: Executor, owner: KeyOfCaller, kept: KeptAnswer): Promise<void> {
  await on
    .insert(idempotencyKeys)
    .values({ ...owner, ...kept })
    .onConflictDoUpdate({
      target: [idempotencyKeys.scope, idempotencyKeys.key],
      set: { ...kept, createdAt: sql`now()` }
    })
}

/** The answers to erase: those about a user and its records, or about links and their events. */
export type AnswersOf = { userId: number } | { urlIds: readonly number[]; links: readonly LinkKey[] }

/**
 * Erases the content of matching answers and their request hash, from which content could be guessed. The
 * keys stay, so that repeats have no effect. Reads all stored answers, which are those of one day.
 */
export async function eraseAnswers(on: Executor, about: AnswersOf): Promise<void> {
  const holds =
    'userId' in about
      ? sql`answer::jsonb @> ${JSON.stringify({ user_id: about.userId })}::jsonb
          or (answer::jsonb @> ${JSON.stringify({ id: about.userId })}::jsonb and answer::jsonb ? 'username')`
      : sql`(coalesce(answer::jsonb->>'domain', ''), answer::jsonb->>'short_code') in (select * from unnest(
            ${sql.param(about.links.map(({ domain }) => domain))}::text[],
            ${sql.param(about.links.map(({ code }) => code))}::text[]))
          or (answer::jsonb ? 'short_code' and answer::jsonb->>'id' = any(${sql.param(about.urlIds.map(String))}::text[]))
          or answer::jsonb->>'url_id' = any(${sql.param(about.urlIds.map(String))}::text[])`
  await on.execute(
    sql`update ${idempotencyKeys} set status = ${ERASED_STATUS}, answer = 'null', fingerprint = '' where ${holds}`
  )
}

/** Deletes at most `limit` expired answers and skips those that another replica locked. Returns how many. */
export async function deleteOver(on: Executor, limit: number): Promise<number> {
  const { rowCount } = await on.execute(sql`
    delete from ${idempotencyKeys} where (scope, key) in (
      select scope, key from ${idempotencyKeys} where created_at <= now() - interval '1 day'
      limit ${limit} for update skip locked)`)
  return rowCount ?? 0
}
