import {
  type Caller,
  isWithin,
  type OwnerFilter,
  onlyOwnerOf,
  ownerFilterOf
} from '#platform/access/caller.ts'
import { violatedConstraint } from '#platform/database/errors.ts'
import type { Database, SqlPart } from '#platform/database/index.ts'
import type { JsonPage, SortedPage } from '#platform/database/json-list.ts'
import type { Precondition } from '#platform/http/conditional.ts'
import type { EraseChanges, RecordChanges } from '#plugins/audit/contract.ts'
import type { User, UserChange, UserDraft, UserQuery } from '#schema/shapes/user.ts'
import type { UserRow } from '#schema/tables/users.ts'
import { userTaken, userUnknown } from './errors.ts'
import { present, versionOf } from './present.ts'
import {
  deleteUser,
  findTakenField,
  findUser,
  insertUser,
  lockUser,
  lockUserByEmailForShare,
  lockUserForShare,
  promoteTwin,
  shareLock,
  type UserField,
  updateUser,
  wasUserId
} from './store.ts'
import { openUserList } from './store-list.ts'

/** Runs in the transaction that deletes a user, or that erases a user deleted before. */
export type UserDeletion = (user: { id: number; cascade: boolean; isErased: boolean }) => Promise<void>

/**
 * `app.users`: the owners of links. Restricted callers see only their own user; only administrators change
 * users.
 */
export interface UserService {
  list(caller: Caller, query: UserQuery): Promise<JsonPage | SortedPage>
  /** The number of users that the caller sees. */
  count(caller: Caller): Promise<number>
  /** Throws USER_UNKNOWN. */
  get(caller: Caller, id: number): Promise<User>
  /** Throws USER_TAKEN if another user has the username or email, compared without case. */
  create(draft: UserDraft): Promise<User>
  /**
   * Changes the given fields. If none differs, the precondition does not apply. Throws USER_UNKNOWN,
   * USER_TAKEN, PRECONDITION_FAILED.
   */
  change(id: number, change: UserChange, precondition?: Precondition | undefined): Promise<User>
  /**
   * Deletes the user after all {@link UserDeletion}s registered with `onDelete`. Throws USER_UNKNOWN,
   * PRECONDITION_FAILED.
   */
  remove(id: number, options: UserRemoval): Promise<void>
  /**
   * Erases the user in one transaction: deletes it with its urls, and removes its personal data from what
   * stays (docs/adr/2026-11-25-erasure.md). Also works after a deletion, and repeatedly. Throws USER_UNKNOWN
   * for an id that was never in use.
   */
  erase(id: number): Promise<void>
  /** Registers work of a capability that refers to users, for the deleting transaction. */
  onDelete(work: UserDeletion): void
  /**
   * Locks the user against deletion until the transaction ends. Throws USER_UNKNOWN unless it exists and
   * `ownerFilter` includes it.
   */
  lockForShare(id: number, ownerFilter: OwnerFilter): Promise<void>
  /** The SELECT of {@link lockForShare} as part of a prepared statement, with the placeholder `ownerId`. */
  readonly shareLock: SqlPart
  /**
   * The user with this email address, compared without case. Locks it against deletion until the transaction
   * ends.
   */
  lockByEmailForShare(email: string): Promise<User | null>
}

export interface UserRemoval {
  cascade: boolean
  precondition?: Precondition | undefined
}

export function createUserService(
  database: Database,
  { record: audit, erase }: { record: RecordChanges; erase: EraseChanges }
): UserService {
  const { db } = database
  const deletions: UserDeletion[] = []
  const list = openUserList()

  async function remove(
    id: number,
    { cascade, precondition }: UserRemoval,
    isErased: boolean
  ): Promise<void> {
    await database.transaction(async () => {
      const old = await lockUser(db, id)
      if (old) {
        precondition?.(versionOf(present(old)))
        await deleteUser(db, id)
        for (const field of heldFields(old)) await promoteTwin(db, field, old[field])
      } else if (!(isErased && (await wasUserId(db, id)))) throw userUnknown(id)
      for (const work of deletions) await work({ id, cascade, isErased })
      const before = isErased || !old ? null : Object.fromEntries(heldValues(old))
      await audit([{ action: isErased ? 'erased' : 'deleted', resource: 'user', id, before }])
      if (isErased) await erase({ resource: 'user', ids: [id], authorId: id })
    })
  }

  return {
    list: (caller, query) => list.read(database.readStale, query, { owner: onlyOwnerOf(caller) }),

    count: (caller) => list.count(database.readStale, onlyOwnerOf(caller)),

    async get(caller, id) {
      const row = isWithin(ownerFilterOf(caller), id) ? await findUser(db, id) : null
      if (!row) throw userUnknown(id)
      return present(row)
    },

    async create({ username, email }) {
      return database.transaction(async () => {
        for (;;) {
          const row = await insertUser(db, { username, email })
          if (row) {
            const after = { username, email }
            await audit([{ action: 'created', resource: 'user', id: row.id, after }])
            return present(row)
          }
          const taken = await findTakenField(db, { username, email })
          if (taken) throw userTaken(taken)
          // Retry: the holder was deleted in between, or an import took the generated id.
        }
      })
    },

    async change(id, { username, email }, precondition) {
      const row = await refuseTaken(() =>
        database.transaction(async () => {
          const old = await lockUser(db, id)
          if (!old) throw userUnknown(id)
          // A client may send the values of an imported duplicate back unchanged, so only changes claim a
          // key.
          const change: { username?: string; email?: string } = {}
          if (username !== undefined && username !== old.username) change.username = username
          if (email !== undefined && email !== old.email) change.email = email
          if (Object.keys(change).length === 0) return old
          precondition?.(versionOf(present(old)))
          const changed = await updateUser(db, id, change)
          const before = Object.fromEntries(heldValues(old).filter(([field]) => field in change))
          await audit([{ action: 'updated', resource: 'user', id, before, after: change }])
          for (const field of heldFields(old)) if (field in change) await promoteTwin(db, field, old[field])
          return changed
        })
      )
      return present(row)
    },

    remove: (id, removal) => remove(id, removal, false),

    erase: (id) => remove(id, { cascade: true }, true),

    onDelete(work) {
      deletions.push(work)
    },

    async lockForShare(id, ownerFilter) {
      if (!isWithin(ownerFilter, id) || !(await lockUserForShare(db, id))) throw userUnknown(id)
    },

    shareLock,

    async lockByEmailForShare(email) {
      const row = await lockUserByEmailForShare(db, email)
      return row && present(row)
    }
  }
}

/** The fields whose key this user holds; a duplicate holds none for the values that it shares. */
function heldFields(row: UserRow): UserField[] {
  return [
    ...(row.usernameKey === null ? [] : ['username' as const]),
    ...(row.emailKey === null ? [] : ['email' as const])
  ]
}

function heldValues({ username, email }: UserRow): [UserField, string][] {
  return [
    ['username', username],
    ['email', email]
  ]
}

async function refuseTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const constraint = violatedConstraint(error)
    if (constraint === 'users_username_key_unique') throw userTaken('username')
    if (constraint === 'users_email_key_unique') throw userTaken('email')
    throw error
  }
}
