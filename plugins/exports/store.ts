import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { type ApiKeyRow, apiKeys } from '#schema/tables/api-keys.ts'
import { type AuditRow, auditLog } from '#schema/tables/audit-log.ts'
import { type SessionRow, sessions } from '#schema/tables/sessions.ts'
import { urlStatsDaily } from '#schema/tables/url-stats-daily.ts'
import { type UrlRow, urls } from '#schema/tables/urls.ts'

/**
 * The SQL of exports: all data of a user. Long lists are read by pages, in the order of ids and by an index,
 * so that a slow client holds no connection.
 */

/** A page: up to `limit` rows with ids above `after`. */
export interface After {
  after: number
  limit: number
}

/** The user's links, including deleted ones. */
export function readUrls(on: Executor, userId: number, { after, limit }: After): Promise<UrlRow[]> {
  const wanted = and(eq(urls.userId, userId), gt(urls.id, after))
  return on.select().from(urls).where(wanted).orderBy(asc(urls.id)).limit(limit)
}

/** The audit entries of one resource. */
export function readChanges(
  on: Executor,
  resource: string,
  id: number,
  { after, limit }: After
): Promise<AuditRow[]> {
  const wanted = and(eq(auditLog.resource, resource), eq(auditLog.resourceId, String(id)))
  return on
    .select()
    .from(auditLog)
    .where(and(wanted, gt(auditLog.id, after)))
    .orderBy(asc(auditLog.id))
    .limit(limit)
}

/** The clicks of a link by day: at most one row per day of its age. */
export function readDays(on: Executor, urlId: number) {
  const { day, clicks, bots, visitors } = urlStatsDaily
  return on
    .select({ day, clicks, bots, visitors })
    .from(urlStatsDaily)
    .where(eq(urlStatsDaily.urlId, urlId))
    .orderBy(asc(day))
}

/** The user's keys, without their hashes. */
export function readKeys(on: Executor, userId: number): Promise<Omit<ApiKeyRow, 'secretHash' | 'version'>[]> {
  const { publicId, name, role, scopes, createdAt, expiresAt, revokedAt, lastUsedAt } = apiKeys
  return on
    .select({
      publicId,
      name,
      role,
      scopes,
      userId: apiKeys.userId,
      createdAt,
      expiresAt,
      revokedAt,
      lastUsedAt
    })
    .from(apiKeys)
    .where(eq(apiKeys.userId, userId))
    .orderBy(asc(createdAt), asc(publicId))
}

/** The user's sessions that have not reached their `expiresAt`. */
export function readSessions(
  on: Executor,
  userId: number
): Promise<Pick<SessionRow, 'id' | 'createdAt' | 'lastSeenAt' | 'expiresAt'>[]> {
  const { id, createdAt, lastSeenAt, expiresAt } = sessions
  return on
    .select({ id, createdAt, lastSeenAt, expiresAt })
    .from(sessions)
    .where(and(eq(sessions.userId, userId), gt(expiresAt, sql`now()`)))
    .orderBy(asc(createdAt))
}
