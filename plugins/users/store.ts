import { and, asc, eq, gte, isNull, notExists, or, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { OwnerFilter } from '#platform/access/caller.ts'
import { createBucketCounter } from '#platform/database/count-buckets.ts'
import { foldIdentity, foldName } from '#platform/database/folding.ts'
import type { Executor } from '#platform/database/index.ts'
import type { Place } from '#platform/database/page-index.ts'
import { prepareQuery } from '#platform/database/prepared.ts'
import { type RowChunk, readChunk } from '#platform/database/row-chunks.ts'
import { type UserRow, users } from '#schema/tables/users.ts'

/** All SQL of users. Every function runs on the executor it is given: the pool or a transaction. */

/** The columns of keys, and the compared form of users without one. */
const keys = {
  username: {
    key: users.usernameKey,
    duplicate: sql`coalesce(${users.usernameDuplicate}, lower(${users.username} collate "C"))`,
    fold: foldName
  },
  email: { key: users.emailKey, duplicate: sql`lower(${users.email} collate "C")`, fold: foldIdentity }
} as const

export type UserField = keyof typeof keys

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
    .values({ ...draft, usernameKey: foldName(draft.username), emailKey: foldIdentity(draft.email) })
    .onConflictDoNothing()
    .returning()
  return row ?? null
}

/** Which of the two values somebody holds, or null when neither is held. */
export async function findTakenField(
  on: Executor,
  { username, email }: { username: string; email: string }
): Promise<UserField | null> {
  const name = foldName(username)
  const holders = await on
    .select({ usernameKey: users.usernameKey })
    .from(users)
    .where(or(eq(users.usernameKey, name), eq(users.emailKey, foldIdentity(email))))
  if (holders.length === 0) return null
  return holders.some(({ usernameKey }) => usernameKey === name) ? 'username' : 'email'
}

const selectUser = prepareQuery<UserRow[]>('find_user', (on) =>
  on
    .select()
    .from(users)
    .where(eq(users.id, sql.placeholder('id')))
)

export async function findUser(on: Executor, id: number): Promise<UserRow | null> {
  const [row] = await selectUser(on, { id })
  return row ?? null
}

/** Reads a user and keeps others from changing or deleting it until the transaction ends. */
export async function lockUser(on: Executor, id: number): Promise<UserRow | null> {
  const [row] = await on.select().from(users).where(eq(users.id, id)).for('update')
  return row ?? null
}

/** A SELECT of a user that keeps it from being deleted until the transaction ends. */
function shareLockOf(id: number | Placeholder): SQL {
  return sql`select from ${users} where ${users.id} = ${id}::bigint for key share`
}

/** The same for prepared statements, with the placeholder `ownerId`. */
export const shareLock = shareLockOf(sql.placeholder('ownerId'))

/** Tells whether a user exists, and keeps it from being deleted until the transaction ends. */
export async function lockUserForShare(on: Executor, id: number): Promise<boolean> {
  return (await on.execute(shareLockOf(id))).rowCount === 1
}

/** The user who holds an email address, not a twin; keeps it from being deleted until the transaction ends. */
export async function lockUserByEmailForShare(on: Executor, email: string): Promise<UserRow | null> {
  const [row] = await on
    .select()
    .from(users)
    .where(eq(users.emailKey, foldIdentity(email)))
    .for('key share')
  return row ?? null
}

/** Sets the given fields and their keys; throws the driver's 23505 when another user holds a key. */
export async function updateUser(
  on: Executor,
  id: number,
  change: { username?: string; email?: string }
): Promise<UserRow> {
  const [row] = await on
    .update(users)
    .set({
      ...(change.username !== undefined && {
        username: change.username,
        usernameKey: foldName(change.username)
      }),
      ...(change.email !== undefined && { email: change.email, emailKey: foldIdentity(change.email) })
    })
    .where(eq(users.id, id))
    .returning()
  return row as UserRow
}

export async function deleteUser(on: Executor, id: number): Promise<void> {
  await on.delete(users).where(eq(users.id, id))
}

/** Whether the sequence has given `id`: imports move it past their ids, too. */
export async function wasUserId(on: Executor, id: number): Promise<boolean> {
  const { rows } = await on.execute<{ was: boolean }>(
    sql`select ${id}::bigint <= last_value - (not is_called)::int as was from users_id_seq`
  )
  return rows[0]?.was === true
}

/**
 * Gives the key of `value` to the oldest imported twin with that value, so that the value stays taken; nothing when
 * somebody holds it, as one does who has only changed its case.
 */
export async function promoteTwin(on: Executor, field: UserField, value: string): Promise<void> {
  const { key, duplicate, fold } = keys[field]
  const folded = fold(value)
  // A twin that is going away in another transaction is waited for and passed over. Links being created hold their
  // owner in a way that this lock does not wait for.
  const [heir] = await on
    .select({ id: users.id })
    .from(users)
    .where(and(eq(duplicate, folded), isNull(key)))
    .orderBy(asc(users.id))
    .limit(1)
    .for('no key update')
  if (heir) await claimKey(on, heir.id, field, folded)
}

/** Gives a key to a user unless somebody holds it; tells whether it did. */
export async function claimKey(on: Executor, id: number, field: UserField, folded: string): Promise<boolean> {
  const holders = alias(users, 'holders')
  const holder = on
    .select({ id: holders.id })
    .from(holders)
    .where(eq(field === 'username' ? holders.usernameKey : holders.emailKey, folded))
  const { rowCount } = await on
    .update(users)
    .set(field === 'username' ? { usernameKey: folded, usernameDuplicate: null } : { emailKey: folded })
    .where(and(eq(users.id, id), notExists(holder)))
  return rowCount === 1
}

const listPrepared = prepareQuery<UserRow[]>('list_users', (on, shape) =>
  on
    .select()
    .from(users)
    .where(
      and(
        gte(users.id, sql.placeholder('fromId')),
        shape === 'own' ? eq(users.id, sql.placeholder('owner')) : undefined
      )
    )
    .orderBy(asc(users.id))
    .limit(sql.placeholder('most'))
    .offset(sql.placeholder('skip'))
)

/** A chunk of the users within reach, `limit` at most, in the order of ids, from `fromId` on after skipping `skip`. */
export function listUsers(
  on: Executor,
  owner: OwnerFilter,
  { fromId, skip }: Place,
  limit: number
): Promise<RowChunk<UserRow>> {
  const shape = owner === 'all' ? '' : 'own'
  return readChunk(limit, (most) => listPrepared(on, { owner, fromId, skip, most }, shape))
}

/** All users, counted by buckets of ids. */
export const countUsers = createBucketCounter(users, users.id)

/** Takes a key that another user holds from a user, which becomes its twin. */
export async function dropKey(
  on: Executor,
  id: number,
  columns: { usernameKey: null; usernameDuplicate: string } | { emailKey: null }
): Promise<void> {
  await on.update(users).set(columns).where(eq(users.id, id))
}

/** What keys are made of, and the keys. */
export type FoldedUser = Pick<
  UserRow,
  'id' | 'username' | 'email' | 'usernameKey' | 'usernameDuplicate' | 'emailKey'
>

/**
 * Those of the `limit` users after an id that may have other keys than the application makes of their names, and the last id that was
 * looked at, null at the end. A name of ASCII with the key that ASCII folds it to is right.
 */
export async function findUnfolded(
  on: Executor,
  after: number,
  limit: number
): Promise<{ rows: FoldedUser[]; last: number | null }> {
  const { rows } = await on.execute<{ last: string | null; rows: FoldedUser[] | null }>(sql`
    with page as (select * from ${users} where id > ${after} order by id limit ${limit})
    select max(id) as last, json_agg(json_build_object(
      'id', id, 'username', username, 'email', email,
      'usernameKey', username_key, 'usernameDuplicate', username_twin, 'emailKey', email_key
    )) filter (
      where octet_length(username) > length(username)
        or coalesce(username_key, username_twin) <> lower(username collate "C")
        or email_key <> lower(email collate "C")
    ) as rows
    from page`)
  const [{ last = null, rows: found = null } = {}] = rows
  return { rows: found ?? [], last: last === null ? null : Number(last) }
}
