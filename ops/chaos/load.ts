import { setTimeout as wait } from 'node:timers/promises'
import { createZipf } from '#loadtest/k6/profiles.ts'
import { createRandom } from '#loadtest/links.ts'
import type { Url } from '#schema/shapes/url.ts'
import { type Client, createClient, NoAnswer } from './client.ts'
import { type Ledger, openLedger, type RequestKind } from './ledger.ts'

/** Steady load at a fixed request rate, independent of earlier answers, spread over all connections. */
export interface Load {
  /** Opens the ledger for requests from now on. Requests in progress stay in theirs. */
  open(label: string): Ledger
  readonly rate: number
  setRate(requestsPerSecond: number): void
  resume(): void
  /** Resolves when no request is in progress. */
  pause(): Promise<void>
  /** Resolves after `count` more successful requests. */
  more(count: number): Promise<void>
  /** Requests that were due while every connection was busy, and so were never sent. */
  readonly skipped: number
  close(): Promise<void>
}

export interface LoadOptions {
  url: string
  connections: number
  requestsPerSecond: number
  /** The links to follow, the most popular first. */
  links: readonly Pick<Url, 'short_code' | 'original_url'>[]
}

/** Answer timeout. */
const PATIENCE_MS = 10_000
const TICK_MS = 10
/** One in this many requests creates a link, and another follows that link. */
const CREATE_EVERY = 40

/** Prefix of a click's referrer. The rest is the number of the request, which identifies its event. */
export const REFERRER = 'https://chaos.example/'

/** Creates a load that is paused and has no ledger yet. */
export function createLoad({ url, connections, requestsPerSecond, links }: LoadOptions): Load {
  const random = createRandom(1)
  const pick = createZipf(links.length)
  const idle: Client[] = Array.from({ length: connections }, () => createClient(url, PATIENCE_MS))
  const clients = [...idle]
  let rate = requestsPerSecond
  let ledger: Ledger | null = null
  let isRunning = false
  let isClosed = false
  let underWay = 0
  let skipped = 0
  let turn = 0

  async function ask(client: Client, book: Ledger, kind: RequestKind, link: (typeof links)[number]) {
    const number = book.enter(kind)
    const id = `${book.label}-${number}`
    const isCreate = kind === 'create'
    const headers = { 'x-request-id': id, referer: REFERRER + id, 'user-agent': 'Mozilla/5.0 (chaos)' }
    try {
      const answer = await client.ask({
        method: isCreate ? 'POST' : 'GET',
        path: isCreate ? '/urls' : `/${link.short_code}`,
        headers: {
          ...headers,
          ...(isCreate && { 'content-type': 'application/json', 'idempotency-key': id })
        },
        ...(isCreate && { body: JSON.stringify({ original_url: link.original_url }) })
      })
      const isRight = isCreate
        ? answer.status === 201
        : answer.status === 302 && answer.headers['location'] === link.original_url
      book.answered(number, answer, isRight ? null : `${answer.status} ${answer.body.slice(0, 200)}`)
      return isRight && isCreate ? (JSON.parse(answer.body) as Url) : null
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      book.unanswered(number, error)
      return null
    }
  }

  async function send(client: Client, book: Ledger): Promise<void> {
    underWay++
    const link = links[pick(random())] ?? { short_code: '', original_url: '' }
    const made = await ask(client, book, turn++ % CREATE_EVERY === 0 ? 'create' : 'follow', link)
    if (made) {
      book.created.push(made.id)
      await ask(client, book, 'fresh', made)
    }
    underWay--
    idle.push(client)
  }

  /** Sends the requests that are due. Takes the longest idle connection, so that all are used. */
  async function run(): Promise<void> {
    let due = 0
    for (let before = performance.now(); !isClosed; ) {
      await wait(TICK_MS)
      const now = performance.now()
      // After a stall, the process must not send all the missed requests at once.
      if (isRunning) due += (rate * Math.min(now - before, 100)) / 1_000
      before = now
      for (; due >= 1; due--) {
        const client = idle.shift()
        if (!client || !ledger) skipped++
        else void send(client, ledger)
      }
    }
  }

  const running = run()
  return {
    open(label) {
      ledger = openLedger(label)
      return ledger
    },
    get rate() {
      return rate
    },
    setRate(requestsPerSecond) {
      rate = requestsPerSecond
    },
    resume() {
      isRunning = true
    },
    async pause() {
      isRunning = false
      while (underWay > 0) await wait(TICK_MS)
    },
    async more(count) {
      const book = ledger
      if (book === null) throw new Error('there is no book')
      for (const wanted = book.latencies.count + count; book.latencies.count < wanted; ) await wait(TICK_MS)
    },
    get skipped() {
      return skipped
    },
    async close() {
      isClosed = true
      await running
      for (const client of clients) client.close()
    }
  }
}
