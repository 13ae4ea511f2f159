import { setTimeout as wait } from 'node:timers/promises'
import { ApiError } from '#apps/client/api-error.ts'
import type { Client } from '#apps/client/client.ts'
import type { Event, EventQuery } from '#schema/shapes/event.ts'
import type { Command } from './command.ts'
import { describeApiError, findLink, isJson, openServer, printJson, SERVER_OPTIONS } from './server.ts'
import { fitLine } from './text.ts'

const POLL_EVERY_MS = 1_000
/** The wait after a failure without Retry-After. */
const RETRY_AFTER_S = 2
/** Rows of one request. */
const PAGE_SIZE = 1_000
/** How much each poll reads again. Replicas' clocks differ, and a click has the time of its redirect. */
const OVERLAP_MS = 5_000
/** The same while the server has clicks that it has not stored yet. */
const MAX_OVERLAP_MS = 300_000

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
    // Clicks of before are not printed.
    await poll()
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
 * Returns a function that reads the clicks since its last call. It reads the last seconds again each time and
 * drops the ids that it knows, because clicks are not stored in the order of their times.
 */
async function openPoll({ session, events }: Client, filter: EventQuery): Promise<() => Promise<Event[]>> {
  let sinceMs = 0
  await session.get({
    onHeaders: (headers) => {
      sinceMs = readClock(headers) - OVERLAP_MS
    }
  })
  let known = new Set<number>()
  return async () => {
    const since = sinceMs
    let nextMs = since
    const onHeaders = (headers: Headers) => {
      const overlapMs = headers.has('x-clicks-pending') ? MAX_OVERLAP_MS : OVERLAP_MS
      nextMs = Math.max(since, readClock(headers) - overlapMs)
    }
    const rows: Event[] = []
    const query = { ...filter, since: new Date(since).toISOString().slice(0, 19), per_page: PAGE_SIZE }
    for (let page: EventQuery | string | null = query; page !== null; ) {
      const { rows: read, next } = await events.list(page, { onHeaders })
      rows.push(...read)
      page = next
    }
    const clicks = rows.filter(({ id }) => !known.has(id))
    known = new Set(rows.map(({ id }) => id))
    sinceMs = nextMs
    return clicks
  }
}

/** The time of the server, whose clock stamps the clicks. */
function readClock(headers: Headers): number {
  return Date.parse(headers.get('date') ?? '') || Date.now()
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
