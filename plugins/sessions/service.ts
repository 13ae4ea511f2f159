import { createHash, randomBytes } from 'node:crypto'
import { type Caller, scopesOf } from '#platform/access/caller.ts'
import { credentialsInvalid } from '#platform/access/errors.ts'
import type { Database } from '#platform/database/index.ts'
import type { RecordChanges } from '#plugins/audit/contract.ts'
import type { Role } from '#schema/shapes/key.ts'
import type { Session } from '#schema/shapes/session.ts'
import type { SessionRow } from '#schema/tables/sessions.ts'
import { userUninvited } from './errors.ts'
import type { Identity } from './oidc-identity.ts'
import { presentEnd } from './present.ts'
import { createSessionList, type SessionList } from './service-list.ts'
import {
  deleteOver,
  deleteSession,
  deleteSessionsOfUser,
  findSession,
  insertSession,
  noteSeen
} from './store.ts'

/** `app.sessions`: sessions of signed-in users. A token is the value of the browser's cookie. */
export interface SessionService extends SessionList {
  /** Begins a session with a key. Throws CREDENTIALS_INVALID. */
  signIn(key: string, visit: Visit): Promise<BegunSession>
  /** Begins a session for the user with a verified email address. Throws SIGN_IN_REFUSED. */
  signInUser(identity: Identity, visit: Visit): Promise<BegunSession>
  /**
   * Returns the caller of a session. Throws CREDENTIALS_INVALID if the session has ended or its key has
   * changed.
   */
  callerOf(token: string): Promise<Caller>
  /** Describes a caller, with the end of its session if it has one. */
  describe(caller: Caller): Session
  /** Ends a session. Does nothing if it has already ended. */
  signOut(token: string): Promise<void>
  /** Deletes expired sessions and returns their number. */
  prune(): Promise<number>
}

/** The request that begins a session. */
export interface Visit {
  /** The request's token of an earlier session, which ends. */
  oldToken: string | null
  requestId: string
}

export interface BegunSession {
  token: string
  session: Session
  /** How long the browser may keep the token. */
  maxAgeMs: number
}

/** The owner of a session, with the columns that store it. */
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
  /** How long a session lasts without a request. */
  idleMs: number
  /** How long a session lasts at most. */
  maxMs: number
}

/** `lastSeenAt` of a busy session is updated this many times per idle time, not with each request. */
const NOTES_PER_IDLE_TIME = 30
const PRUNE_AT_ONCE = 5_000
/** The format of tokens: 256 bits in base64url. Other values are rejected without a lookup. */
const TOKEN = /^[\w-]{43}$/

export function createSessionService(
  database: Database,
  { openKey, callerOfKey, lockByEmailForShare, audit, actAs }: SessionCollaborators,
  { idleMs, maxMs }: SessionTimes
) {
  const { db } = database
  const noteAfterMs = idleMs / NOTES_PER_IDLE_TIME
  // The session of each caller that has one.
  const rows = new WeakMap<Caller, SessionRow>()

  function become({ userId, name, role, scopes, keyId }: Caller, row: SessionRow): Caller {
    const caller: Caller = { kind: 'session', keyId, userId, name, role, scopes }
    rows.set(caller, row)
    return caller
  }

  function describe(caller: Caller): Session {
    const row = rows.get(caller)
    return {
      kind: caller.kind,
      name: caller.name,
      role: caller.role,
      scopes: [...caller.scopes],
      user_id: caller.userId,
      key_id: caller.keyId,
      ...(row === undefined ? { expires_at: null, idle_expires_at: null } : presentEnd(row, idleMs))
    }
  }

  const auditOf = ({ id }: SessionRow, action: 'signed-in' | 'signed-out') => [
    { action, resource: 'session', id }
  ]

  async function end(token: string): Promise<void> {
    const old = await deleteSession(db, hashToken(token))
    if (old !== null) await audit(auditOf(old, 'signed-out'))
  }

  /** Begins a session for `owner`, and ends the browser's earlier one. */
  async function begin(
    owner: Owner,
    { oldToken, requestId }: Visit,
    notAfter: Date | null
  ): Promise<BegunSession> {
    const token = randomBytes(32).toString('base64url')
    const { caller, ...of } = owner
    const { keyId, userId, name } = caller
    return actAs({ kind: 'session', keyId, userId, name, requestId }, async () => {
      // End the old session, because another person may have its token or may have planted it.
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

    ...createSessionList(database, { audit, idOf: (caller) => rows.get(caller)?.id ?? null }, idleMs),

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
    /** Runs in the transaction that deletes a user. */
    onUserDeleted: ({ id }: { id: number }) => deleteSessionsOfUser(db, id)
  }
}

function callerOfUser(user: Pick<Caller, 'userId' | 'name' | 'role'>): Caller {
  return { ...user, kind: 'session', keyId: null, scopes: scopesOf(user.role) }
}

function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
