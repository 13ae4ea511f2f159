import { setTimeout as wait } from 'node:timers/promises'
import { ApiError } from '#apps/client/api-error.ts'
import type { Client } from '#apps/client/client.ts'
import type { Page } from '#apps/client/operations.ts'
import type { Event, EventQuery } from '#schema/shapes/event.ts'
import type { Command } from './command.ts'
import { describeApiError, findLink, isJson, openServer, printJson, SERVER_OPTIONS } from './server.ts'
import { fitLine } from './text.ts'

const POLL_EVERY_MS = 1_000
/** The wait after a failure without Retry-After. */
const RETRY_AFTER_S = 2
/** How long a click may be stored after one with a greater id: transactions draw ids before they commit. */
const OVERLAP_MS = 5_000
/** Rows of one request. */
const LEAST_ROWS = 50
const MOST_ROWS = 1_000

export const tailCommand: Command = {
  summary: `Prints clicks as they happen, until Ctrl+C
It waits for a server that restarts, and then prints the clicks of the meantime.`,
  words: [{ name: 'LINK', help: 'Code, id or short URL; all links when not given', isOptional: true }],
  options: SERVER_OPTIONS,
  interrupted: 'Stopped.',
  async run(context) {
    const { words, output, signal } = context
    const server = openServer(context)
    const filter: EventQuery = { event_type: 'click' }
    if (words[0] !== undefined) filter.url_id = (await findLink(server, words[0])).id
    const print = isJson(context)
      ? (event: Event) => printJson(context, event)
      : (event: Event) => output.print(formatClick(event, output.columns))
    const poll = await openPoll(server, filter)
    for (let isLost = false; ; ) {
      const waitMs = await poll().then(
        (clicks) => {
          if (isLost) output.progress.write('The server is back.\n')
          isLost = false
          clicks.forEach(print)
          return POLL_EVERY_MS
        },
        (error: unknown) => {
          if (!(error instanceof ApiError) || !isPassing(error)) throw error
          if (!isLost) output.progress.write(`${describeApiError(error)}; waiting for it.\n`)
          isLost = true
          return (error.retryAfter ?? RETRY_AFTER_S) * 1_000
        }
      )
      await wait(waitMs, undefined, { signal })
    }
  }
}

/**
 * Returns a function that reads the clicks since its last call. It reads backwards to the last id of some
 * seconds ago, and drops the ids that it knows.
 */
async function openPoll({ events }: Client, filter: EventQuery): Promise<() => Promise<Event[]>> {
  const query: EventQuery = { ...filter, sort: '-id' }
  const newest = await events.list({ ...query, per_page: 1 })
  let lastId = newest.rows[0]?.id ?? 0
  let known = new Set<number>()
  const marks = [{ id: lastId, atMs: performance.now() }]

  return async () => {
    const nowMs = performance.now()
    while (marks[1] !== undefined && marks[1].atMs <= nowMs - OVERLAP_MS) marks.shift()
    const floor = marks[0]?.id ?? 0
    const rows: Event[] = []
    const perPage = Math.min(MOST_ROWS, Math.max(LEAST_ROWS, 2 * known.size))
    for (let page: EventQuery | string | null = { ...query, per_page: perPage }; page !== null; ) {
      const read: Page<Event> = await events.list(page)
      rows.push(...read.rows.filter(({ id }) => id > floor))
      page = (read.rows.at(-1)?.id ?? 0) > floor ? read.next : null
    }
    const clicks = rows.filter(({ id }) => !known.has(id)).reverse()
    known = new Set(rows.map(({ id }) => id))
    lastId = Math.max(lastId, rows[0]?.id ?? 0)
    marks.push({ id: lastId, atMs: nowMs })
    return clicks
  }
}

function formatClick({ timestamp, details }: Event, columns?: number): string {
  const { short_code, referrer, user_agent, bot } = details
  const cells = [timestamp, short_code, bot === true ? 'bot' : '', referrer ?? '-', user_agent ?? '-']
  return fitLine(cells.filter(Boolean).join('  '), columns)
}

/** True if the server may answer later. */
function isPassing({ code, status }: ApiError): boolean {
  return code === 'UNREACHABLE' || code === 'TIMED_OUT' || status === 429 || status >= 500
}
