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
  /** Events of what a client sent and got no answer to: it gave up, or its connection broke. One for each time at most. */
  unheard: number
  /** Events beyond answers and those: counted twice. */
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

/** Compares a book with what is stored. */
export async function checkLedger(ledger: Ledger, events: Map<number, number>, query: Query): Promise<Audit> {
  const audit = {
    answers: 0,
    events: 0,
    lost: findLost(ledger, events).length,
    unheard: 0,
    duplicates: 0,
    unmade: await countUnmade([...ledger.created.keys()], query)
  }
  for (const [number, { kind, sends, isAnswered }] of ledger.entries.entries()) {
    if (kind === 'create') continue
    const count = events.get(number) ?? 0
    const unheard = Math.max(0, Math.min(count, sends) - Number(isAnswered))
    if (isAnswered) audit.answers++
    audit.events += count
    audit.unheard += unheard
    audit.duplicates += Math.max(0, count - sends)
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
