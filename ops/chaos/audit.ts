import type { Ledger } from './ledger.ts'
import { REFERRER } from './load.ts'

/** Compares the answers with the stored events. */
export interface Audit {
  /** Redirects answered. */
  answers: number
  /** Stored events of this fault's requests. */
  events: number
  /** Answers without an event. */
  lost: number
  /**
   * Events of requests without an answer: the client gave up, or its connection broke. At most one for each
   * send.
   */
  unheard: number
  /** Events beyond answers and unanswered requests: counted twice. */
  duplicates: number
  /** Created links that are not stored, or that lack exactly one `created` event. */
  unmade: number
}

type Query = <Row extends object>(text: string, values?: unknown[]) => Promise<Row[]>

/** Counts the stored clicks by request. `since` is the id of an event before the first of them. */
export async function readEvents(query: Query, label: string, since: number): Promise<Map<number, number>> {
  const rows = await query<{ number: string; count: string }>(
    `SELECT substr(details->>'referrer', $1) AS number, count(*) FROM events
     WHERE event_type = 'click' AND id > $2 AND starts_with(details->>'referrer', $3) GROUP BY 1`,
    [REFERRER.length + label.length + 2, since, `${REFERRER}${label}-`]
  )
  return new Map(rows.map(({ number, count }) => [Number(number), Number(count)]))
}

/** Redirects that were answered but not stored. */
export function findLost({ entries }: Ledger, events: Map<number, number>): number[] {
  return [...entries.keys()].filter((number) => {
    const entry = entries[number]
    return entry?.isAnswered && entry.kind !== 'create' && !events.has(number)
  })
}

/** Compares a ledger with the stored events. */
export async function checkLedger(ledger: Ledger, events: Map<number, number>, query: Query): Promise<Audit> {
  const audit = {
    answers: 0,
    events: 0,
    lost: findLost(ledger, events).length,
    unheard: 0,
    duplicates: 0,
    unmade: await countUnmade(ledger.created, query)
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
