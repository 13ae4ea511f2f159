import { type SQL, sql } from 'drizzle-orm'
import { isbot } from 'isbot'
import { createBoundedCache } from '#platform/async/bounded-cache.ts'
import type { Executor } from '#platform/database/index.ts'
import { columnOf } from '#platform/database/sql-column.ts'
import type { Click } from '#plugins/clicks/contract.ts'
import { events } from '#schema/tables/events.ts'
import { ensurePartitions } from './store-partitions.ts'

/** The SQL of clicks: whole batches per statement, each click stored once even if delivered again. */

/** A click that was just stored, as rollups count it. */
export interface CountedClick {
  urlId: number
  at: Date
  isBot: boolean
  visitor: string | null
}

/** The parsed fields of a user agent. A few hundred user agents make most of the traffic. */
interface Agent {
  isBot: boolean
  /** The members of the event's details, as JSON, each preceded by a comma. */
  json: string
}

const agents = createBoundedCache<Agent>('user-agents', 5_000)

const NO_AGENT: Agent = { isBot: false, json: '' }

/** Inserts new clicks. Throws the driver's 23505 if one exists. Returns them as rollups count them. */
export async function insertNewClicks(on: Executor, clicks: Click[]): Promise<CountedClick[]> {
  await ensurePartitions(on, monthsOf(clicks))
  await on.execute(insertion(clicks))
  return clicks.map(toCounted)
}

/** Inserts the clicks whose id does not exist yet. Returns the new ones. */
export async function insertMissingClicks(on: Executor, clicks: Click[]): Promise<CountedClick[]> {
  await ensurePartitions(on, monthsOf(clicks))
  const { rows } = await on.execute<{ click_id: string }>(sql`
    ${insertion(clicks)}
    on conflict (click_id, "timestamp") where click_id is not null do nothing
    returning click_id`)
  const stored = new Set(rows.map((row) => row.click_id))
  // A visit that two replicas recorded may be in the batch twice.
  return clicks.filter(({ id }) => stored.delete(id)).map(toCounted)
}

/** Returns the ids of those clicks that are stored. */
export async function findStoredIds(on: Executor, clicks: readonly Click[]): Promise<Set<string>> {
  const seconds = clicks.map(secondOf)
  const { rows } = await on.execute<{ click_id: string }>(sql`
    select click_id from ${events}
    where (click_id, "timestamp") in (
      select id, to_timestamp(second) from unnest(
        ${columnOf(clicks, ({ id }) => id)}::uuid[],
        ${columnOf(seconds, (second) => second)}::bigint[]
      ) as click(id, second)
    )
    and "timestamp" between to_timestamp(${Math.min(...seconds)}) and to_timestamp(${Math.max(...seconds)})`)
  return new Set(rows.map((row) => row.click_id))
}

/** Builds one statement with whole columns as parameters. */
function insertion(clicks: Click[]): SQL {
  return sql`
    insert into ${events} (url_id, user_id, event_type, "timestamp", details, click_id)
    select url_id, user_id, 'click', to_timestamp(second), details, click_id
    from rows from (
      unnest(${columnOf(clicks, ({ urlId }) => urlId)}::bigint[]),
      unnest(${columnOf(clicks, ({ userId }) => userId)}::bigint[]),
      unnest(${columnOf(clicks, secondOf)}::bigint[]),
      jsonb_array_elements(${`[${clicks.map(detailsOf).join(',')}]`}::jsonb),
      unnest(${columnOf(clicks, ({ id }) => id)}::uuid[])
    ) as click(url_id, user_id, second, details, click_id)`
}

function toCounted(click: Click): CountedClick {
  const { urlId, userAgent, visitor } = click
  return { urlId, at: new Date(secondOf(click) * 1_000), isBot: agentOf(userAgent).isBot, visitor }
}

/** The second of a click, since the epoch: events have whole seconds. */
function secondOf({ at }: Click): number {
  return Math.floor(at / 1_000)
}

function detailsOf({ domain, shortCode, method, userAgent, referrer, details }: Click): string {
  const referrerJson = referrer === null ? '' : `,"referrer":${JSON.stringify(referrer)}`
  const methodJson = method === 'HEAD' ? ',"method":"HEAD"' : ''
  const domainJson = domain === '' ? '' : `,"domain":${JSON.stringify(domain)}`
  const moreJson = details === null ? '' : `,${JSON.stringify(details).slice(1, -1)}`
  return `{"short_code":${JSON.stringify(shortCode)}${domainJson}${referrerJson}${agentOf(userAgent).json}${methodJson}${moreJson}}`
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

/** Returns the starts of the UTC months of the clicks, in milliseconds since the epoch. */
function monthsOf(clicks: Click[]): Set<number> {
  const months = new Set<number>()
  let [start, end] = [0, 0]
  for (const { at } of clicks) {
    // Nearly all clicks are in the same month as the previous one.
    if (at >= start && at < end) continue
    const time = new Date(at)
    start = Date.UTC(time.getUTCFullYear(), time.getUTCMonth())
    end = Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + 1)
    months.add(start)
  }
  return months
}
