import { type Role, SCOPES, type Scope } from '#schema/shapes/key.ts'

/**
 * Who asks, what they may do and whose things they reach. Every capability judges by this and by nothing else: where
 * a caller came from (a key, a session, an open server) is the business of those who recognise callers.
 */

/**
 * The most that a role may do; a key may be given less. Members do not change users: who could set an email address
 * could sign in as somebody else.
 */
const ROLE_SCOPES: Record<Role, ReadonlySet<Scope>> = {
  admin: new Set(SCOPES),
  member: new Set(['urls:read', 'urls:write', 'events:read', 'events:write', 'stats:read', 'users:read']),
  'read-only': new Set(['urls:read', 'events:read', 'stats:read', 'users:read'])
}

export interface Caller {
  /** `open`: anybody, on a server without access control. `public`: nobody that is known. `system`: this program. */
  readonly kind: 'open' | 'key' | 'session' | 'public' | 'system'
  /** The public id of the key, also of a session that was begun with one. */
  readonly keyId: string | null
  /** The user on whose behalf it is asked. */
  readonly userId: number | null
  /** For people to read: of the key, or of the user. */
  readonly name: string | null
  readonly role: Role
  readonly scopes: ReadonlySet<Scope>
}

const nobody = { keyId: null, userId: null, name: null } as const

/** Everybody on a server with `AUTH=open`. */
export const OPEN: Caller = { ...nobody, kind: 'open', role: 'admin', scopes: ROLE_SCOPES.admin }

/** Who has said nothing about themselves: may do nothing and reaches nothing. */
export const PUBLIC: Caller = { ...nobody, kind: 'public', role: 'read-only', scopes: new Set() }

/** The program itself: its command line and its upkeep. */
export const SYSTEM: Caller = { ...nobody, kind: 'system', role: 'admin', scopes: ROLE_SCOPES.admin }

/** The scopes of a role, or those of `wanted` that the role may have. */
export function scopesOf(role: Role, wanted?: readonly string[] | null): ReadonlySet<Scope> {
  const most = ROLE_SCOPES[role]
  return wanted ? new Set([...most].filter((scope) => wanted.includes(scope))) : most
}

/** Whose things a caller reaches: everybody's, or those of the user with this id. */
export type OwnerFilter = 'all' | number

/** Whose a new thing is: of whom the draft names, else of the caller where it reaches its own only. */
export function ownerOf(ownerFilter: OwnerFilter, named: number | null | undefined): number | null {
  return named ?? (ownerFilter === 'all' ? null : ownerFilter)
}

/** Whether who reaches `ownerFilter` reaches the things of this user. */
export function isWithin(ownerFilter: OwnerFilter, userId: number): boolean {
  return ownerFilter === 'all' || ownerFilter === userId
}

/** No user has this id (see schema/shapes/text.ts, Id). */
const NOBODY = 0

/**
 * Whose things `caller` reaches. Admins reach all. Others reach those of their user; a read-only key that was given to no
 * user is for watching, and sees all. Whoever is left reaches nothing.
 */
export function ownerFilterOf({ kind, role, userId }: Caller): OwnerFilter {
  if (role === 'admin') return 'all'
  if (userId !== null) return userId
  return kind === 'key' && role === 'read-only' ? 'all' : NOBODY
}
