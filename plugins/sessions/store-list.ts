import { and, count, desc, eq, gt, isNull, ne, or, type SQL, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import type { Page } from '#schema/shapes/page.ts'
import { apiKeys } from '#schema/tables/api-keys.ts'
import { sessions } from '#schema/tables/sessions.ts'
import type { ListedSession } from './present.ts'

/** Lists of sessions. They have no index: expired rows are deleted, so there are few. */

/** Whose sessions: those that a key began, those of a user, all, or none. */
export type SessionOwner = { keyId: string } | { userId: number } | 'all' | 'none'

function belongsTo(owner: SessionOwner): SQL | undefined {
  if (owner === 'all') return undefined
  if (owner === 'none') return sql`false`
  return 'keyId' in owner ? eq(sessions.keyId, owner.keyId) : eq(sessions.userId, owner.userId)
}

/** True for a session that still signs in: as findSession and the check of its key decide. */
const isActive = (idleMs: number) =>
  and(
    gt(sessions.expiresAt, sql`now()`),
    gt(sessions.lastSeenAt, sql`now() - ${idleMs}::double precision * interval '1 millisecond'`),
    or(
      isNull(sessions.keyId),
      and(
        eq(apiKeys.version, sessions.keyVersion),
        isNull(apiKeys.revokedAt),
        or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, sql`now()`))
      )
    )
  )

export async function listSessions(
  on: Executor,
  owner: SessionOwner,
  idleMs: number,
  { limit, skip }: { limit: number; skip: number }
): Promise<Page<ListedSession>> {
  const wanted = and(isActive(idleMs), belongsTo(owner))
  const keyOfSession = eq(apiKeys.publicId, sessions.keyId)
  const rows = await on
    .select({
      id: sessions.id,
      keyId: sessions.keyId,
      userId: sessions.userId,
      createdAt: sessions.createdAt,
      lastSeenAt: sessions.lastSeenAt,
      expiresAt: sessions.expiresAt,
      name: sql<string | null>`coalesce(${apiKeys.name}, ${sessions.name})`,
      role: sql<string>`coalesce(${apiKeys.role}, ${sessions.role})`
    })
    .from(sessions)
    .leftJoin(apiKeys, keyOfSession)
    .where(wanted)
    .orderBy(desc(sessions.lastSeenAt), sessions.id)
    .limit(limit)
    .offset(skip)
  const [{ total = 0 } = {}] = await on
    .select({ total: count() })
    .from(sessions)
    .leftJoin(apiKeys, keyOfSession)
    .where(wanted)
  return { rows, total }
}

/** Deletes the session `only`, or all but `except`, if they belong to `owner`. Returns their ids. */
export async function deleteOwned(
  on: Executor,
  owner: SessionOwner,
  which: { only: string } | { except: string | null }
): Promise<string[]> {
  const chosen =
    'only' in which
      ? eq(sessions.id, which.only)
      : which.except === null
        ? undefined
        : ne(sessions.id, which.except)
  const rows = await on
    .delete(sessions)
    .where(and(belongsTo(owner), chosen))
    .returning({ id: sessions.id })
  return rows.map(({ id }) => id)
}
