import { and, eq, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { outbox } from '#schema/tables/outbox.ts'

/** The SQL of the outbox. All times are those of the database, so clocks of replicas do not matter. */

export interface Message {
  /** Selects the consumer. */
  topic: string
  /** Messages of one aggregate are handled one at a time, in the order in which they were added. */
  aggregate: string
  /** Ids only, no personal data: erasure does not search the outbox. */
  payload: Record<string, unknown>
}

/** A message that this process leases. */
export interface ClaimedMessage {
  id: number
  payload: Record<string, unknown>
  /** Counts from 1. It also proves the lease: a later claim increments it. */
  attempts: number
}

export interface TopicState {
  topic: string
  pending: number
  dead: number
  /** Age of the oldest pending message. */
  oldestSeconds: number
}

/**
 * Adds a message unless `maxPending` of its topic are pending. Each concurrent transaction may exceed that by
 * one.
 */
export async function insertMessage(
  on: Executor,
  { topic, aggregate, payload }: Message,
  maxPending: number
): Promise<boolean> {
  const { rowCount } = await on.execute(sql`
    insert into ${outbox} (topic, aggregate, payload)
    select ${topic}::text, ${aggregate}::text, ${JSON.stringify(payload)}::jsonb
    where (select count(*) from (
      select from ${outbox} where topic = ${topic} and dead_at is null limit ${maxPending}) as pending) < ${maxPending}`)
  return rowCount === 1
}

/** Claims up to `limit` due messages for `leaseMs`, at most the oldest pending one of each aggregate. */
export async function claimMessages(
  on: Executor,
  topic: string,
  { limit, leaseMs }: { limit: number; leaseMs: number }
): Promise<ClaimedMessage[]> {
  const { rows } = await on.execute<{ id: string; payload: Record<string, unknown>; attempts: number }>(sql`
    with due as materialized (
      select id from ${outbox} as message
      where topic = ${topic} and dead_at is null and due_at <= now() and not exists (
        select from ${outbox} as earlier where earlier.topic = message.topic
          and earlier.aggregate = message.aggregate and earlier.id < message.id and earlier.dead_at is null)
      order by due_at limit ${limit} for update skip locked)
    update ${outbox} set attempts = attempts + 1, due_at = now() + ${inMs(leaseMs)}
    from due where ${outbox.id} = due.id returning ${outbox.id}, payload, attempts`)
  return rows.map(({ id, ...rest }) => ({ id: Number(id), ...rest }))
}

const inMs = (ms: number) => sql`make_interval(secs => ${ms / 1_000}::float8)`

const leased = ({ id, attempts }: ClaimedMessage) => and(eq(outbox.id, id), eq(outbox.attempts, attempts))

export async function deleteMessage(on: Executor, message: ClaimedMessage): Promise<void> {
  await on.delete(outbox).where(leased(message))
}

/**
 * Ends the lease of a failed message. The next attempt follows after `retryInMs`, or never if that is null.
 */
export async function failMessage(
  on: Executor,
  message: ClaimedMessage,
  { error, retryInMs }: { error: string; retryInMs: number | null }
): Promise<void> {
  const columns = retryInMs === null ? { deadAt: sql`now()` } : { dueAt: sql`now() + ${inMs(retryInMs)}` }
  await on
    .update(outbox)
    .set({ ...columns, error })
    .where(leased(message))
}

/** Ends the lease of an unhandled message, as if it had never been claimed. */
export async function releaseMessage(on: Executor, message: ClaimedMessage): Promise<void> {
  await on
    .update(outbox)
    .set({ attempts: message.attempts - 1, dueAt: sql`now()` })
    .where(leased(message))
}

export async function readTopics(on: Executor): Promise<TopicState[]> {
  const { rows } = await on.execute<TopicState & Record<string, unknown>>(sql`
    select topic, count(*) filter (where dead_at is null)::int as pending, count(dead_at)::int as dead,
      coalesce(extract(epoch from now() - min(created_at) filter (where dead_at is null)), 0)::float8 as "oldestSeconds"
    from ${outbox} group by topic`)
  return rows
}

/** Deletes messages older than `days` days: dead ones, and those of topics without a consumer. */
export async function deleteOldMessages(on: Executor, days: number): Promise<void> {
  await on.delete(outbox).where(sql`${outbox.createdAt} < now() - make_interval(days => ${days}::int)`)
}
