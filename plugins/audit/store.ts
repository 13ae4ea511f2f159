import { type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import type { AuditErasure } from './contract.ts'

/** All SQL of the audit log. Functions run on the given executor: the pool or a transaction. */

export interface AuditAuthor {
  kind: string
  keyId: string | null
  userId: number | null
  name: string | null
  requestId: string | null
}

export interface AuditRecord {
  action: string
  resource: string
  resource_id: string | null
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}

/**
 * An INSERT of the rows that a select returns: action, resource, resource_id, before, after. `author` is the
 * JSON of an {@link AuditAuthor}.
 */
export function insertionOf(rows: SQL, author: string | Placeholder = sql.placeholder('auditAuthor')): SQL {
  return sql`
    insert into audit_log (actor_kind, actor_key_id, actor_user_id, actor_name, request_id,
      action, resource, resource_id, before, after)
    select author.*, change.*
    from jsonb_to_record(${author}::jsonb)
      as author(kind text, "keyId" text, "userId" bigint, name text, "requestId" text), (${rows}) as change`
}

/** Appends any number of `records` in one statement. */
export async function insertAudit(on: Executor, by: AuditAuthor, records: AuditRecord[]): Promise<void> {
  const rows = sql`select * from jsonb_to_recordset(${JSON.stringify(records)}::jsonb)
    as record(action text, resource text, resource_id text, before jsonb, after jsonb)`
  await on.execute(insertionOf(rows, JSON.stringify(by)))
}

/** The ids of resources whose entries name a user as their owner, before or after a change. */
export async function findOwned(on: Executor, resource: string, userId: number): Promise<string[]> {
  await on.execute(sql`set local statement_timeout = 0`)
  const owned = JSON.stringify({ user_id: userId })
  const { rows } = await on.execute<{ id: string }>(sql`
    select distinct resource_id as id from audit_log
    where resource = ${resource} and (before @> ${owned}::jsonb or after @> ${owned}::jsonb)`)
  return rows.map(({ id }) => id)
}

/**
 * Removes the values from the entries of `ids`, and the name of the user `authorId` from its own changes. The
 * entries stay, with the ids of author and resource.
 */
export async function eraseAudit(on: Executor, { resource, ids, authorId }: AuditErasure): Promise<void> {
  // No index covers the entries of an author, so this reads the whole log.
  await on.execute(sql`set local statement_timeout = 0`)
  await on.execute(sql`set local fairlead.audit = 'erasure'`)
  await on.execute(sql`
    update audit_log set before = null, after = null
    where resource = ${resource} and resource_id = any(${sql.param(ids.map(String))}::text[])`)
  if (authorId !== undefined)
    await on.execute(sql`
      update audit_log set actor_name = null where actor_user_id = ${authorId} and actor_name is not null`)
  await on.execute(sql`set local fairlead.audit = ''`)
}

/**
 * Deletes up to `limit` entries older than `months` at `now`, milliseconds since the epoch. If the earlier
 * month lacks the day, its last day counts: one month before 31 March is 28 February. Returns the number of
 * deleted entries.
 */
export async function deleteOldAudit(
  on: Executor,
  { now, months, limit }: { now: number; months: number; limit: number }
): Promise<number> {
  await on.execute(sql`set local fairlead.audit = 'retention'`)
  const end = sql`(to_timestamp(${now}::double precision / 1000) at time zone 'UTC' - make_interval(months => ${months})) at time zone 'UTC'`
  const { rowCount } = await on.execute(sql`
    delete from audit_log where id in (
      select id from audit_log where at < ${end} order by id limit ${limit})`)
  return rowCount ?? 0
}
