import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Ledger } from './ledger.ts'
import { REFERRER } from './load.ts'

/** Whether what was answered is what was stored. */
export interface Audit {
  /** Redirects given. */
  answers: number
  /** Events stored of this fault's requests. */
  events: number
  /** Answers without an event. */
  lost: number
  /** Events of requests whose answer did not arrive. */
  unheard: number
  /** Further events of a request that was sent more than once, by nginx or by the client: one for each time at most. */
  repeated: number
  /** Events beyond all that: counted twice. */
  duplicates: number
  /** Created links that are not stored, or without exactly one `created` event. */
  unmade: number
}

type Query = <Row extends object>(text: string, values?: unknown[]) => Promise<Row[]>

/** Counts the clicks that are stored by request; `since` is an event's id from before the first of them. */
export async function readEvents(query: Query, label: string, since: number): Promise<Map<number, number>> {
  const rows = await query<{ number: string; count: string }>(
    `SELECT substr(details->>'referrer', $1) AS number, count(*) FROM events
     WHERE event_type = 'click' AND id > $2 AND starts_with(details->>'referrer', $3) GROUP BY 1`,
    [REFERRER.length + label.length + 2, since, `${REFERRER}${label}-`]
  )
  return new Map(rows.map(({ number, count }) => [Number(number), Number(count)]))
}

/** Redirects that were given and are not stored. */
export function findLost({ entries }: Ledger, events: Map<number, number>): number[] {
  return [...entries.keys()].filter((number) => {
    const entry = entries[number]
    return entry?.isAnswered && entry.kind !== 'create' && !events.has(number)
  })
}

/** Compares a book with what is stored. `tries`: how often nginx asked a replica, of the requests that it says so of. */
export async function judge(
  ledger: Ledger,
  events: Map<number, number>,
  tries: Map<string, number>,
  query: Query
): Promise<Audit> {
  const audit = {
    answers: 0,
    events: 0,
    lost: findLost(ledger, events).length,
    unheard: 0,
    repeated: 0,
    duplicates: 0,
    unmade: await countUnmade([...ledger.created.keys()], query)
  }
  for (const [number, { kind, sends, isAnswered }] of ledger.entries.entries()) {
    if (kind === 'create') continue
    const count = events.get(number) ?? 0
    const most = Math.max(sends, tries.get(`${ledger.label}-${number}`) ?? 1)
    audit.events += count
    audit.duplicates += Math.max(0, count - most)
    if (isAnswered) audit.answers++
    else if (count > 0) audit.unheard++
    if (count > 1) audit.repeated += Math.min(count, most) - 1
  }
  return audit
}

async function countUnmade(ids: number[], query: Query): Promise<number> {
  const [row] = await query<{ made: string }>(
    `SELECT count(*) AS made FROM urls WHERE id = ANY($1::bigint[])
     AND 1 = (SELECT count(*) FROM events WHERE url_id = urls.id AND event_type = 'created')`,
    [ids]
  )
  return ids.length - Number(row?.made ?? 0)
}

/**
 * Reads from nginx' log, from `offset` on, how often it asked a replica for each request: the addresses in a line are
 * separated by commas, and a request that the client sends again has a line of its own.
 */
export async function readTries(logFile: string, offset: number): Promise<Map<string, number>> {
  const tries = new Map<string, number>()
  const lines = createInterface({ input: createReadStream(logFile, { start: offset }) })
  for await (const line of lines) {
    const [, id] = /"request_id":"([^"]*)"/.exec(line) ?? []
    const [, replicas] = /"replica":"([^"]*)"/.exec(line) ?? []
    if (id === undefined || replicas === undefined) continue
    tries.set(id, (tries.get(id) ?? 0) + replicas.split(',').length)
  }
  return tries
}
