import { and, asc, count, eq, isNull, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { type BlockedHostRow, blockedHosts } from '#schema/tables/blocked-hosts.ts'

/** All SQL of the block list. Functions run on the given executor: the pool or a transaction. */

const listed = isNull(blockedHosts.removedAt)

/** The whole list with its version, which is 0 before the first entry. */
export async function readList(on: Executor): Promise<{ version: number; hosts: string[] }> {
  const [row] = await on
    .select({
      version: sql<string>`coalesce(max(${blockedHosts.version}), 0)`,
      hosts: sql<string[]>`coalesce(array_agg(${blockedHosts.host}) filter (where ${listed}), '{}')`
    })
    .from(blockedHosts)
  return { version: Number(row?.version ?? 0), hosts: row?.hosts ?? [] }
}

export async function readVersion(on: Executor): Promise<number> {
  const [row] = await on
    .select({ version: sql<string>`coalesce(max(${blockedHosts.version}), 0)` })
    .from(blockedHosts)
  return Number(row?.version ?? 0)
}

export function listHosts(on: Executor, limit: number, skip: number): Promise<BlockedHostRow[]> {
  return on
    .select()
    .from(blockedHosts)
    .where(listed)
    .orderBy(asc(blockedHosts.host))
    .limit(limit)
    .offset(skip)
}

export async function countHosts(on: Executor): Promise<number> {
  const [row] = await on.select({ total: count() }).from(blockedHosts).where(listed)
  return row?.total ?? 0
}

export async function findHost(on: Executor, host: string): Promise<BlockedHostRow | null> {
  const [row] = await on
    .select()
    .from(blockedHosts)
    .where(and(eq(blockedHosts.host, host), listed))
  return row ?? null
}

/** Serialises changes of the list until the transaction ends, so that versions commit in order. */
export async function lockList(on: Executor): Promise<void> {
  await on.execute(sql`select pg_advisory_xact_lock(hashtext('blocked_hosts'))`)
}

const next = sql`(select coalesce(max(version), 0) + 1 from blocked_hosts)`

export async function insertHost(on: Executor, host: string, reason: string | null): Promise<BlockedHostRow> {
  const createdAt = sql`date_trunc('second', now())`
  const [row] = await on
    .insert(blockedHosts)
    .values({ host, reason, version: next as unknown as number })
    .onConflictDoUpdate({
      target: blockedHosts.host,
      set: { reason, createdAt, removedAt: null, version: next }
    })
    .returning()
  return row as BlockedHostRow
}

export async function removeHost(on: Executor, host: string): Promise<BlockedHostRow> {
  const [row] = await on
    .update(blockedHosts)
    .set({ removedAt: sql`now()`, version: next })
    .where(eq(blockedHosts.host, host))
    .returning()
  return row as BlockedHostRow
}
