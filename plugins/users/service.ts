import { type Caller, isWithin, type OwnerFilter, ownerFilterOf } from '#platform/access/caller.ts'
import { violatedConstraint } from '#platform/database/errors.ts'
import type { Database, SqlPart } from '#platform/database/index.ts'
import { createPageIndex } from '#platform/database/page-index.ts'
import { type LongPage, mapPage } from '#platform/database/row-chunks.ts'
import type { EraseChanges, RecordChanges } from '#plugins/audit/contract.ts'
import { type PageQuery, pageWindow } from '#schema/shapes/page.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { User, UserChange, UserDraft } from '#schema/shapes/user.ts'
import type { UserRow } from '#schema/tables/users.ts'
import { userTaken, userUnknown } from './errors.ts'
import {
  countUsers,
  deleteUser,
  findTakenField,
  findUser,
  insertUser,
  listUsers,
  lockUser,
  lockUserByEmailForShare,
  lockUserForShare,
  promoteTwin,
  shareLock,
  type UserField,
  updateUser,
  wasUserId
} from './store.ts'

/** Runs in the transaction that deletes a user, or erases one that was deleted before. */
export type UserDeletion = (user: { id: number; cascade: boolean; isErased: boolean }) => Promise<void>

/** `app.users`: who owns links. A caller that does not reach all meets its own user only; changes are an administrator's. */
export interface UserService {
  list(caller: Caller, query: PageQuery): Promise<LongPage<User>>
  /** Throws USER_UNKNOWN. */
  get(caller: Caller, id: number): Promise<User>
  /** Throws USER_TAKEN when the username or email is somebody's, compared without case. */
  create(draft: UserDraft): Promise<User>
  /** Changes the fields given. Throws USER_UNKNOWN, USER_TAKEN. */
  change(id: number, change: UserChange): Promise<User>
  /** Deletes the user after all {@link UserDeletion}s registered with `onDelete`. Throws USER_UNKNOWN. */
  remove(id: number, options: { cascade: boolean }): Promise<void>
  /**
   * Erases the user: deletes it with its urls, and takes out of what stays what it said (docs/adr/2026-11-25-erasure.md), all in one
   * transaction. Works after the user was deleted too, and again. Throws USER_UNKNOWN for an id that no user ever had.
   */
  erase(id: number): Promise<void>
  /** Lets a capability that refers to users act in the deleting transaction. */
  onDelete(work: UserDeletion): void
  /** Throws USER_UNKNOWN unless the user exists and is within reach; it then stays until the transaction ends. */
  lockForShare(id: number, ownerFilter: OwnerFilter): Promise<void>
  /** The SELECT of {@link lockForShare} as part of a prepared statement, with the placeholder `ownerId`. */
  readonly shareLock: SqlPart
  /** The user with this email address, compared without case; it then stays until the transaction ends. */
  lockByEmailForShare(email: string): Promise<User | null>
}

export function createUserService(
  database: Database,
  { record: audit, erase }: { record: RecordChanges; erase: EraseChanges }
): UserService {
  const { db } = database
  const deletions: UserDeletion[] = []
  const pages = createPageIndex({ countBuckets: countUsers })

  async function remove(id: number, cascade: boolean, isErased: boolean): Promise<void> {
    await database.transaction(async () => {
      const old = await lockUser(db, id)
      if (old) {
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
    async list(caller, query) {
      const ownerFilter = ownerFilterOf(caller)
      const page = await pages.read(
        database.readStale,
        pageWindow(query),
        (on, place, limit) => listUsers(on, ownerFilter, place, limit),
        ownerFilter === 'all' ? undefined : async (on) => ((await findUser(on, ownerFilter)) ? 1 : 0)
      )
      return mapPage(page, present)
    },

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
          // The holder was deleted in between, or an import took the id that was drawn: the next try tells.
        }
      })
    },

    async change(id, { username, email }) {
      const row = await refuseTaken(() =>
        database.transaction(async () => {
          const old = await lockUser(db, id)
          if (!old) throw userUnknown(id)
          // An imported twin may send its own value back unchanged: only what differs claims a key.
          const change: { username?: string; email?: string } = {}
          if (username !== undefined && username !== old.username) change.username = username
          if (email !== undefined && email !== old.email) change.email = email
          if (Object.keys(change).length === 0) return old
          const changed = await updateUser(db, id, change)
          const before = Object.fromEntries(heldValues(old).filter(([field]) => field in change))
          await audit([{ action: 'updated', resource: 'user', id, before, after: change }])
          for (const field of heldFields(old)) if (field in change) await promoteTwin(db, field, old[field])
          return changed
        })
      )
      return present(row)
    },

    remove: (id, { cascade }) => remove(id, cascade, false),

    erase: (id) => remove(id, true, true),

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

/** The fields whose key this user holds; a twin holds none for what it shares. */
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

function present({ id, username, email, createdAt }: UserRow): User {
  return { id, username, email, created_at: wireTime(createdAt) }
}
