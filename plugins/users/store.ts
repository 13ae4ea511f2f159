import { and, asc, eq, gte, isNull, notExists, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Reach } from '#platform/access/caller.ts'
import { countBuckets } from '#platform/count-buckets.ts'
import type { Executor } from '#platform/database.ts'
import type { BucketCount, Place } from '#platform/page-index.ts'
import { type RowChunk, readChunk } from '#platform/row-chunks.ts'
import { type UserRow, users } from '#schema/tables/users.ts'

/** All SQL of users. Every function runs on the executor it is given: the pool or a transaction. */

/** The columns that hold what is compared, beside what they are compared from. */
const keys = {
  username: { key: users.usernameKey, value: users.username },
  email: { key: users.emailKey, value: users.email }
} as const

export type UserField = keyof typeof keys

const lower = (value: string): SQL => sql`lower(${value}::text)`

/**
 * Inserts a user unless somebody holds its username or email, in one statement and without an error, which would
 * cost the pool its connection. Gives null when it was not inserted.
 */
export async function insertUser(
  on: Executor,
  draft: { username: string; email: string }
): Promise<UserRow | null> {
  const [row] = await on
    .insert(users)
    .values({ ...draft, usernameKey: lower(draft.username), emailKey: lower(draft.email) })
    .onConflictDoNothing()
    .returning()
  return row ?? null
}

/** Which of the two values somebody holds, or null when neither is held. */
export async function findTakenField(
  on: Executor,
  { username, email }: { username: string; email: string }
): Promise<UserField | null> {
  const holders = await on
    .select({ isUsername: sql<boolean>`${users.usernameKey} = ${lower(username)}` })
    .from(users)
    .where(or(eq(users.usernameKey, lower(username)), eq(users.emailKey, lower(email))))
  if (holders.length === 0) return null
  return holders.some(({ isUsername }) => isUsername) ? 'username' : 'email'
}

export async function findUser(on: Executor, id: number): Promise<UserRow | null> {
  const [row] = await on.select().from(users).where(eq(users.id, id))
  return row ?? null
}

/** Reads a user and keeps others from changing or deleting it until the transaction ends. */
export async function lockUser(tx: Executor, id: number): Promise<UserRow | null> {
  const [row] = await tx.select().from(users).where(eq(users.id, id)).for('update')
  return row ?? null
}

/** Tells whether a user exists, and keeps it from being deleted until the transaction ends. */
export async function holdUser(tx: Executor, id: number): Promise<boolean> {
  const rows = await tx.select({ id: users.id }).from(users).where(eq(users.id, id)).for('key share')
  return rows.length > 0
}

/** The user who holds an email address, not a twin; keeps it from being deleted until the transaction ends. */
export async function holdUserByEmail(tx: Executor, email: string): Promise<UserRow | null> {
  const [row] = await tx
    .select()
    .from(users)
    .where(eq(users.emailKey, lower(email)))
    .for('key share')
  return row ?? null
}

/** Sets the given fields and their keys; throws the driver's 23505 when another user holds a key. */
export async function updateUser(
  tx: Executor,
  id: number,
  change: { username?: string; email?: string }
): Promise<UserRow> {
  const [row] = await tx
    .update(users)
    .set({
      ...(change.username !== undefined && {
        username: change.username,
        usernameKey: lower(change.username)
      }),
      ...(change.email !== undefined && { email: change.email, emailKey: lower(change.email) })
    })
    .where(eq(users.id, id))
    .returning()
  return row as UserRow
}

export async function deleteUser(tx: Executor, id: number): Promise<void> {
  await tx.delete(users).where(eq(users.id, id))
}

/**
 * Gives the key of `value` to the oldest imported twin with that value, so that the value stays taken; nothing when
 * somebody holds it, as one does who has only changed its case.
 */
export async function promoteTwin(tx: Executor, field: UserField, value: string): Promise<void> {
  const { key, value: column } = keys[field]
  // A twin that is going away in another transaction is waited for and passed over. Links being created hold their
  // owner in a way that this lock does not wait for.
  const [heir] = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(sql`lower(${column})`, lower(value)), isNull(key)))
    .orderBy(asc(users.id))
    .limit(1)
    .for('no key update')
  if (!heir) return
  const holders = alias(users, 'holders')
  const holder = tx
    .select({ id: holders.id })
    .from(holders)
    .where(eq(field === 'username' ? holders.usernameKey : holders.emailKey, lower(value)))
  await tx
    .update(users)
    .set(field === 'username' ? { usernameKey: lower(value) } : { emailKey: lower(value) })
    .where(and(eq(users.id, heir.id), notExists(holder)))
}

/** A chunk of the users within reach, `limit` at most, in the order of ids, from `fromId` on after skipping `skip`. */
export function listUsers(
  on: Executor,
  reach: Reach,
  { fromId, skip }: Place,
  limit: number
): Promise<RowChunk<UserRow>> {
  const wanted = and(gte(users.id, fromId), reach === 'all' ? undefined : eq(users.id, reach))
  const read = (most: number) =>
    on.select().from(users).where(wanted).orderBy(asc(users.id)).limit(most).offset(skip)
  return readChunk(limit, read)
}

export function countUsers(on: Executor, fromId: number, bucketSize: number): Promise<BucketCount[]> {
  return countBuckets(on, { table: users, id: users.id }, fromId, bucketSize)
}
