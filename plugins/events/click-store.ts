import { type SQL, sql } from 'drizzle-orm'
import { isbot } from 'isbot'
import { createBoundedCache } from '#platform/async/bounded-cache.ts'
import type { Executor } from '#platform/database/index.ts'
import { columnOf } from '#platform/database/sql-column.ts'
import type { Click } from '#plugins/clicks/contract.ts'
import { events } from '#schema/tables/events.ts'

/** The SQL of clicks: whole batches at once, each click once however often it comes. */

/** A click that was stored just now, as rollups count it. */
export interface CountedClick {
  urlId: number
  at: Date
  isBot: boolean
  visitor: string | null
}

/** What is known of a user agent: the same few hundred make most of the traffic. */
interface Agent {
  isBot: boolean
  /** Its members in the details, as JSON, each with a comma before it. */
  json: string
}

const agents = createBoundedCache<Agent>('user-agents', 5_000)

const NO_AGENT: Agent = { isBot: false, json: '' }

/** Inserts `clicks`, none of which may be there: throws the driver's 23505 when one is. Gives them as they are counted. */
export async function insertNewClicks(on: Executor, clicks: Click[]): Promise<CountedClick[]> {
  await ensurePartitions(on, clicks)
  await on.execute(insertion(clicks))
  return clicks.map(toCounted)
}

/** Inserts those of `clicks` whose id is not there yet. Gives the clicks that were new. */
export async function insertMissingClicks(on: Executor, clicks: Click[]): Promise<CountedClick[]> {
  await ensurePartitions(on, clicks)
  const { rows } = await on.execute<{ click_id: string }>(sql`
    ${insertion(clicks)}
    on conflict (click_id, "timestamp") where click_id is not null do nothing
    returning click_id`)
  const stored = new Set(rows.map((row) => row.click_id))
  // A visit that two replicas saw may be twice among them.
  return clicks.filter(({ id }) => stored.delete(id)).map(toCounted)
}

/** One statement that takes whole columns. */
function insertion(clicks: Click[]): SQL {
  return sql`
    insert into ${events} (url_id, user_id, event_type, "timestamp", details, click_id)
    select url_id, user_id, 'click', to_timestamp(second), details, click_id
    from rows from (
      unnest(${columnOf(clicks, ({ urlId }) => urlId)}::bigint[]),
      unnest(${columnOf(clicks, ({ userId }) => userId)}::bigint[]),
      unnest(${columnOf(clicks, ({ at }) => Math.floor(at / 1_000))}::bigint[]),
      jsonb_array_elements(${`[${clicks.map(detailsOf).join(',')}]`}::jsonb),
      unnest(${columnOf(clicks, ({ id }) => id)}::uuid[])
    ) as click(url_id, user_id, second, details, click_id)`
}

function toCounted({ urlId, at, userAgent, visitor }: Click): CountedClick {
  const second = new Date(Math.floor(at / 1_000) * 1_000)
  return { urlId, at: second, isBot: agentOf(userAgent).isBot, visitor }
}

function detailsOf({ domain, shortCode, method, userAgent, referrer }: Click): string {
  const referrerJson = referrer === null ? '' : `,"referrer":${JSON.stringify(referrer)}`
  const methodJson = method === 'HEAD' ? ',"method":"HEAD"' : ''
  const domainJson = domain === '' ? '' : `,"domain":${JSON.stringify(domain)}`
  return `{"short_code":${JSON.stringify(shortCode)}${domainJson}${referrerJson}${agentOf(userAgent).json}${methodJson}}`
}

function agentOf(userAgent: string | null): Agent {
  if (userAgent === null) return NO_AGENT
  let agent = agents.get(userAgent)
  if (agent === undefined) {
    const isBot = isbot(userAgent)
    agent = { isBot, json: `,"user_agent":${JSON.stringify(userAgent)}${isBot ? ',"bot":true' : ''}` }
    agents.set(userAgent, agent)
  }
  return agent
}

/** Makes the partitions of the months that the clicks fall in; normally they have been made long ahead. */
async function ensurePartitions(on: Executor, clicks: Click[]): Promise<void> {
  for (const month of monthsOf(clicks))
    await on.execute(sql`select ensure_events_partition(${new Date(month).toISOString()}::timestamptz)`)
}

/** The starts of the UTC months that the clicks fall in, milliseconds since the epoch. */
function monthsOf(clicks: Click[]): Set<number> {
  const months = new Set<number>()
  let [start, end] = [0, 0]
  for (const { at } of clicks) {
    // Nearly all are of the same month as the one before.
    if (at >= start && at < end) continue
    const time = new Date(at)
    start = Date.UTC(time.getUTCFullYear(), time.getUTCMonth())
    end = Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + 1)
    months.add(start)
  }
  return months
}
