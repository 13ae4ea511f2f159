import { createHash, randomBytes } from 'node:crypto'
import { type Caller, scopesOf } from '#platform/access/caller.ts'
import { credentialsInvalid } from '#platform/access/errors.ts'
import type { Database } from '#platform/database/index.ts'
import type { RecordChanges } from '#plugins/audit/contract.ts'
import type { Role } from '#schema/shapes/key.ts'
import type { Session } from '#schema/shapes/session.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { SessionRow } from '#schema/tables/sessions.ts'
import { userUninvited } from './errors.ts'
import type { Identity } from './oidc-identity.ts'
import {
  deleteOver,
  deleteSession,
  deleteSessionsOfUser,
  findSession,
  insertSession,
  noteSeen
} from './store.ts'

/** `app.sessions`: who is signed in. A token is what the browser's cookie holds. */
export interface SessionService {
  /** Begins a session for who shows `key`. Throws CREDENTIALS_INVALID. */
  signIn(key: string, visit: Visit): Promise<BegunSession>
  /** Begins a session for the user with an email address that was proven elsewhere. Throws SIGN_IN_REFUSED. */
  signInUser(identity: Identity, visit: Visit): Promise<BegunSession>
  /** The caller of a session. Throws CREDENTIALS_INVALID when it is over, or its key is not what it was any more. */
  callerOf(token: string): Promise<Caller>
  /** What is told of a caller; of one of a session, when that ends. */
  describe(caller: Caller): Session
  /** Ends a session; nothing when it is over. */
  signOut(token: string): Promise<void>
  /** Deletes the sessions that are over; gives how many. */
  prune(): Promise<number>
}

/** The request that begins a session. */
export interface Visit {
  /** What it held of an earlier session, which ends. */
  oldToken: string | null
  requestId: string
}

export interface BegunSession {
  token: string
  session: Session
  /** How long the browser may keep the token. */
  maxAgeMs: number
}

/** Whose a session is, and what is stored of that. */
type Owner = { caller: Caller } & Pick<SessionRow, 'keyVersion' | 'role' | 'name'>

/** The parts of `app.keys`, `app.users` and `app.audit` that sessions need. */
export interface SessionCollaborators {
  openKey(key: string): Promise<{ caller: Caller; version: number; expiresAt: Date | null }>
  callerOfKey(id: string, version: number): Caller | Promise<Caller>
  lockByEmailForShare(email: string): Promise<{ id: number; username: string } | null>
  audit: RecordChanges
  actAs<T>(
    author: Pick<Caller, 'kind' | 'keyId' | 'userId' | 'name'> & { requestId: string },
    work: () => T
  ): T
}

export interface SessionTimes {
  /** How long a session lasts when nothing is asked. */
  idleMs: number
  /** How long it lasts at most. */
  maxMs: number
}

/** A session that is used all the time is noted as seen this often in its idle time, not with each request. */
const NOTES_PER_IDLE_TIME = 30
const PRUNE_AT_ONCE = 5_000
/** What tokens look like: 256 bits in base64url. Nothing else is looked up. */
const TOKEN = /^[\w-]{43}$/

export function createSessionService(
  database: Database,
  { openKey, callerOfKey, lockByEmailForShare, audit, actAs }: SessionCollaborators,
  { idleMs, maxMs }: SessionTimes
) {
  const { db } = database
  const noteAfterMs = idleMs / NOTES_PER_IDLE_TIME
  // When the session ends of which a caller is.
  const ends = new WeakMap<Caller, Pick<Session, 'expires_at' | 'idle_expires_at'>>()

  function become({ userId, name, role, scopes, keyId }: Caller, row: SessionRow): Caller {
    const caller: Caller = { kind: 'session', keyId, userId, name, role, scopes }
    const idleEnd = new Date(Math.min(row.lastSeenAt.getTime() + idleMs, row.expiresAt.getTime()))
    ends.set(caller, { expires_at: wireTime(row.expiresAt), idle_expires_at: wireTime(idleEnd) })
    return caller
  }

  const describe = (caller: Caller): Session => ({
    kind: caller.kind,
    name: caller.name,
    role: caller.role,
    scopes: [...caller.scopes],
    user_id: caller.userId,
    key_id: caller.keyId,
    ...(ends.get(caller) ?? { expires_at: null, idle_expires_at: null })
  })

  const auditOf = ({ id }: SessionRow, action: 'signed-in' | 'signed-out') => [
    { action, resource: 'session', id }
  ]

  async function end(token: string): Promise<void> {
    const old = await deleteSession(db, hashToken(token))
    if (old !== null) await audit(auditOf(old, 'signed-out'))
  }

  /** Begins a session for `owner`, and ends the one that the browser had. */
  async function begin(
    owner: Owner,
    { oldToken, requestId }: Visit,
    notAfter: Date | null
  ): Promise<BegunSession> {
    const token = randomBytes(32).toString('base64url')
    const { caller, ...of } = owner
    const { keyId, userId, name } = caller
    return actAs({ kind: 'session', keyId, userId, name, requestId }, async () => {
      // Whoever had the old one, or planted it, has nothing by it.
      if (oldToken !== null) await end(oldToken)
      const id = randomBytes(8).toString('hex')
      const row = await insertSession(
        db,
        { id, tokenHash: hashToken(token), keyId, userId, ...of },
        { maxMs, notAfter }
      )
      await audit(auditOf(row, 'signed-in'))
      const maxAgeMs = row.expiresAt.getTime() - row.createdAt.getTime()
      return { token, session: describe(become(caller, row)), maxAgeMs }
    })
  }

  const service: SessionService = {
    async signIn(key, visit) {
      const { caller, version: keyVersion, expiresAt } = await openKey(key)
      const owner = { caller, keyVersion, role: null, name: null }
      return database.transaction(() => begin(owner, visit, expiresAt))
    },

    async signInUser({ email, role }, visit) {
      return database.transaction(async () => {
        const user = await lockByEmailForShare(email)
        if (user === null) throw userUninvited()
        const { id: userId, username: name } = user
        const caller = callerOfUser({ userId, role, name })
        return begin({ caller, keyVersion: null, role, name }, visit, null)
      })
    },

    async callerOf(token) {
      if (!TOKEN.test(token)) throw credentialsInvalid()
      const row = await findSession(db, hashToken(token), { idleMs, noteAfterMs })
      if (row === null) throw credentialsInvalid()
      const caller = await ownerOf(row)
      if (!row.isNoted) row.lastSeenAt = (await noteSeen(db, row.id)) ?? row.lastSeenAt
      return become(caller, row)
    },

    describe,

    signOut: (token) => database.transaction(() => end(token)),

    async prune() {
      for (let count = 0; ; ) {
        const deleted = await deleteOver(db, idleMs, PRUNE_AT_ONCE)
        count += deleted
        if (deleted < PRUNE_AT_ONCE) return count
      }
    }
  }

  function ownerOf({ keyId, keyVersion, userId, role, name }: SessionRow): Caller | Promise<Caller> {
    if (keyId !== null && keyVersion !== null) return callerOfKey(keyId, keyVersion)
    if (role === null) throw credentialsInvalid()
    return callerOfUser({ userId, name, role: role as Role })
  }

  return {
    service,
    /** In the transaction that deletes a user. */
    onUserDeleted: ({ id }: { id: number }) => deleteSessionsOfUser(db, id)
  }
}

function callerOfUser(user: Pick<Caller, 'userId' | 'name' | 'role'>): Caller {
  return { ...user, kind: 'session', keyId: null, scopes: scopesOf(user.role) }
}

function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
