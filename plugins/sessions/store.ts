import { and, eq, gt, inArray, lte, or, type SQL, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { type SessionRow, sessions } from '#schema/tables/sessions.ts'

/** All SQL of sessions. Time comes from the database, so that it is the same for all replicas. */

export type NewSession = Omit<SessionRow, 'createdAt' | 'lastSeenAt' | 'expiresAt'>

const ms = (count: number): SQL => sql`${count}::double precision * interval '1 millisecond'`

/** Inserts a session that ends after `maxMs`, or at `notAfter` if that is sooner. */
export async function insertSession(
  on: Executor,
  session: NewSession,
  { maxMs, notAfter }: { maxMs: number; notAfter: Date | null }
): Promise<SessionRow> {
  const expiresAt = sql`least(now() + ${ms(maxMs)}, ${notAfter?.toISOString() ?? null}::timestamptz)`
  const [row] = await on
    .insert(sessions)
    .values({ ...session, expiresAt })
    .returning()
  return row as SessionRow
}

/** Finds the active session with this token hash. `isNoted`: `lastSeenAt` is recent enough. */
export async function findSession(
  on: Executor,
  tokenHash: Buffer,
  { idleMs, noteAfterMs }: { idleMs: number; noteAfterMs: number }
): Promise<(SessionRow & { isNoted: boolean }) | null> {
  const [row] = await on
    .select({ session: sessions, isNoted: sql<boolean>`${sessions.lastSeenAt} > now() - ${ms(noteAfterMs)}` })
    .from(sessions)
    .where(
      and(
        eq(sessions.tokenHash, tokenHash),
        gt(sessions.expiresAt, sql`now()`),
        gt(sessions.lastSeenAt, sql`now() - ${ms(idleMs)}`)
      )
    )
  return row ? { ...row.session, isNoted: row.isNoted } : null
}

/** Updates `lastSeenAt` to now and returns it. */
export async function noteSeen(on: Executor, id: string): Promise<Date | null> {
  const [row] = await on
    .update(sessions)
    .set({ lastSeenAt: sql`now()` })
    .where(eq(sessions.id, id))
    .returning({ at: sessions.lastSeenAt })
  return row?.at ?? null
}

/** Deletes the session with this token hash and returns it if there was one. */
export async function deleteSession(on: Executor, tokenHash: Buffer): Promise<SessionRow | null> {
  const [row] = await on.delete(sessions).where(eq(sessions.tokenHash, tokenHash)).returning()
  return row ?? null
}

export async function deleteSessionsOfUser(on: Executor, userId: number): Promise<void> {
  await on.delete(sessions).where(eq(sessions.userId, userId))
}

/** Deletes up to `limit` expired sessions and returns their number. */
export async function deleteOver(on: Executor, idleMs: number, limit: number): Promise<number> {
  const over = on
    .select({ id: sessions.id })
    .from(sessions)
    .where(or(lte(sessions.expiresAt, sql`now()`), lte(sessions.lastSeenAt, sql`now() - ${ms(idleMs)}`)))
    .limit(limit)
  const { rowCount } = await on.delete(sessions).where(inArray(sessions.id, over))
  return rowCount ?? 0
}
