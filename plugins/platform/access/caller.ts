import { type Role, SCOPES, type Scope } from '#schema/shapes/key.ts'

/**
 * The caller of a request: its role, its scopes and the records that it may access. Capabilities authorize by
 * this alone. Only authenticators know how a caller was authenticated (key, session, open server).
 */

/**
 * The most that a role may do; a key may get fewer scopes. Members can not change users: setting the email
 * address of another user would let them sign in as that user.
 */
const ROLE_SCOPES: Record<Role, ReadonlySet<Scope>> = {
  admin: new Set(SCOPES),
  member: new Set(['urls:read', 'urls:write', 'events:read', 'events:write', 'stats:read', 'users:read']),
  'read-only': new Set(['urls:read', 'events:read', 'stats:read', 'users:read'])
}

export interface Caller {
  /** `open`: any caller of an open server. `public`: an unauthenticated caller. `system`: this program. */
  readonly kind: 'open' | 'key' | 'session' | 'public' | 'system'
  /** The public id of the key, also in a session that was started with a key. */
  readonly keyId: string | null
  /** The user on whose behalf the request is made. */
  readonly userId: number | null
  /** Display name of the key or of the user. */
  readonly name: string | null
  readonly role: Role
  readonly scopes: ReadonlySet<Scope>
}

const anonymous = { keyId: null, userId: null, name: null } as const

/** Every caller of a server with `AUTH=open`. */
export const OPEN: Caller = { ...anonymous, kind: 'open', role: 'admin', scopes: ROLE_SCOPES.admin }

/** An unauthenticated caller: it has no scopes and accesses no records. */
export const PUBLIC: Caller = { ...anonymous, kind: 'public', role: 'read-only', scopes: new Set() }

/** The program itself: its command line and its maintenance. */
export const SYSTEM: Caller = { ...anonymous, kind: 'system', role: 'admin', scopes: ROLE_SCOPES.admin }

/** The scopes of a role, or those of `wanted` that the role may have. */
export function scopesOf(role: Role, wanted?: readonly string[] | null): ReadonlySet<Scope> {
  const most = ROLE_SCOPES[role]
  return wanted ? new Set([...most].filter((scope) => wanted.includes(scope))) : most
}

/** The owners whose records a caller may access: all of them, or the user with this id. */
export type OwnerFilter = 'all' | number

/** The owner of a new record: `named` if given, else the user of a caller that is limited to its own. */
export function ownerOf(ownerFilter: OwnerFilter, named: number | null | undefined): number | null {
  return named ?? (ownerFilter === 'all' ? null : ownerFilter)
}

/** True if the filter includes this user. */
export function isWithin(ownerFilter: OwnerFilter, userId: number): boolean {
  return ownerFilter === 'all' || ownerFilter === userId
}

/** The user whose records the caller may access; undefined if it may access those of all. */
export function onlyOwnerOf(caller: Caller): number | undefined {
  const ownerFilter = ownerFilterOf(caller)
  return ownerFilter === 'all' ? undefined : ownerFilter
}

/** No user has this id (see schema/shapes/text.ts, Id). */
const NO_USER = 0

/**
 * The owner filter of `caller`. Admins access all records, other callers those of their user. A read-only key
 * without a user is for monitoring and reads all records, also in a session that was started with it. All
 * other callers access nothing.
 */
export function ownerFilterOf({ keyId, role, userId }: Caller): OwnerFilter {
  if (role === 'admin') return 'all'
  if (userId !== null) return userId
  return keyId !== null && role === 'read-only' ? 'all' : NO_USER
}
