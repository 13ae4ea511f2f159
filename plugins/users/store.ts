import { and, asc, eq, isNull, notExists, or, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { foldIdentity, foldName } from '#platform/database/folding.ts'
import type { Executor } from '#platform/database/index.ts'
import { prepareQuery } from '#platform/database/prepared.ts'
import { type UserRow, users } from '#schema/tables/users.ts'

/** All SQL of users. Functions run on the given executor: the pool or a transaction. */

/** The key columns, and the folded value of users without a key. */
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
 * Inserts a user in one statement. It returns null if another user holds the username or email; an error
 * would cost the pool its connection.
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

/** Which of the two values another user holds, or null. */
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

/** Reads a user and locks it until the transaction ends. */
export async function lockUser(on: Executor, id: number): Promise<UserRow | null> {
  const [row] = await on.select().from(users).where(eq(users.id, id)).for('update')
  return row ?? null
}

/** A SELECT that locks a user against deletion until the transaction ends. */
function shareLockOf(id: number | Placeholder): SQL {
  return sql`select from ${users} where ${users.id} = ${id}::bigint for key share`
}

/** The same for prepared statements, with the placeholder `ownerId`. */
export const shareLock = shareLockOf(sql.placeholder('ownerId'))

/** Locks a user against deletion until the transaction ends. Returns whether it exists. */
export async function lockUserForShare(on: Executor, id: number): Promise<boolean> {
  return (await on.execute(shareLockOf(id))).rowCount === 1
}

/**
 * The user that holds an email address, not a duplicate. Locks it against deletion until the transaction
 * ends.
 */
export async function lockUserByEmailForShare(on: Executor, email: string): Promise<UserRow | null> {
  const [row] = await on
    .select()
    .from(users)
    .where(eq(users.emailKey, foldIdentity(email)))
    .for('key share')
  return row ?? null
}

/** Sets the given fields and their keys. Throws the driver's 23505 if another user holds a key. */
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

/** True if the sequence has passed `id`; imports move it past their ids too. */
export async function wasUserId(on: Executor, id: number): Promise<boolean> {
  const { rows } = await on.execute<{ was: boolean }>(
    sql`select ${id}::bigint <= last_value - (not is_called)::int as was from users_id_seq`
  )
  return rows[0]?.was === true
}

/**
 * Gives the key of `value` to the oldest imported duplicate, so that the value stays taken. Does nothing if a
 * user still holds the key, for example after changing only its case.
 */
export async function promoteTwin(on: Executor, field: UserField, value: string): Promise<void> {
  const { key, duplicate, fold } = keys[field]
  const folded = fold(value)
  // This waits for a concurrent deletion of a duplicate and then skips it. The lock does not conflict with
  // the one that the creation of a link takes on its owner.
  const [heir] = await on
    .select({ id: users.id })
    .from(users)
    .where(and(eq(duplicate, folded), isNull(key)))
    .orderBy(asc(users.id))
    .limit(1)
    .for('no key update')
  if (heir) await claimKey(on, heir.id, field, folded)
}

/** Gives a key to a user unless another one holds it. Returns whether it did. */
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

/** Removes a key that another user holds from a user, which becomes a duplicate. */
export async function dropKey(
  on: Executor,
  id: number,
  columns: { usernameKey: null; usernameDuplicate: string } | { emailKey: null }
): Promise<void> {
  await on.update(users).set(columns).where(eq(users.id, id))
}

/** The key columns and the columns that they derive from. */
export type FoldedUser = Pick<
  UserRow,
  'id' | 'username' | 'email' | 'usernameKey' | 'usernameDuplicate' | 'emailKey'
>

/**
 * Of the `limit` users after an id, returns those whose keys may be wrong, and the last id of the page, null
 * at the end. An ASCII name with its lower case as key is right.
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
