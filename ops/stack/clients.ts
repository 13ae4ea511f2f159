import { Agent, request as requestHttp } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'

/** Clients of a stack, each with one keep-alive connection and one request in progress. */

export interface Answer {
  status: number
  body: string
}

/** Answer timeout of a client. */
const PATIENCE_MS = 30_000

/**
 * Sends a request over the connections of `agent`, with an API key if given; rejects when there is no answer.
 */
export function ask(agent: Agent, url: string, method: string, json?: object, key?: string): Promise<Answer> {
  return new Promise((done, fail) => {
    const headers = {
      ...(json && { 'content-type': 'application/json' }),
      ...(key && { authorization: `Bearer ${key}` })
    }
    const sent = requestHttp(url, { agent, method, headers, timeout: PATIENCE_MS }, (response) => {
      text(response).then((body) => done({ status: response.statusCode ?? 0, body }), fail)
    })
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)))
    sent.once('error', fail).end(json && JSON.stringify(json))
  })
}

/** The number of clients that follow a link, create links (POST), or change their own link (PUT). */
export interface Crowd {
  followers: number
  creators: number
  changers: number
  /** Average pause before a client's next request; none by default. */
  thinkMs?: number
  /** The API key of the clients that create and change links. */
  key?: string
}

export interface Load {
  /** The code of the link that clients follow. */
  readonly code: string
  /** Successful redirects. */
  readonly follows: number
  readonly creates: number
  readonly changes: number
  /** Failed requests, as text. */
  readonly failures: readonly string[]
  /** The longest wait for an answer. */
  readonly slowestMs: number
  /** Waits of more than a second. */
  readonly slow: number
  /** Resolves when each client has got another answer, or too many requests failed. */
  turnOver(): Promise<void>
  /** Resolves when the last answers have come. */
  stop(): Promise<void>
}

/** A failing stack must not get a million requests. */
const MOST_FAILURES = 50

/**
 * Sends the requests of a crowd to the stack at `url` until it is stopped. Throws when it can't create its
 * links.
 */
export async function sendLoad(
  url: string,
  { followers, creators, changers, thinkMs = 0, key }: Crowd
): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: followers + creators + changers })
  const write = (path: string, method: string, json: object) => ask(agent, `${url}${path}`, method, json, key)
  let isOver = false
  const clients = new Set<object>()
  let yetToBeAnswered = new Set<object>()

  async function make(): Promise<{ id: number; short_code: string }> {
    const { status, body } = await write('/urls', 'POST', { original_url: 'https://acme.dev/a' })
    if (status !== 201) throw new Error(`no link was made: ${status} ${body}`)
    return JSON.parse(body)
  }

  const { short_code: code } = await make()
  const load = {
    code,
    follows: 0,
    creates: 0,
    changes: 0,
    failures: [] as string[],
    slowestMs: 0,
    slow: 0
  }

  async function run(
    kind: 'follows' | 'creates' | 'changes',
    expected: number,
    send: () => Promise<Answer>
  ): Promise<void> {
    const client = {}
    clients.add(client)
    const think = () => wait(2 * Math.random() * thinkMs)
    // Spreads the first requests.
    if (thinkMs > 0) await think()
    while (!isOver && load.failures.length <= MOST_FAILURES) {
      const start = performance.now()
      const { status, body } = await send().catch((error: Error) => ({ status: 0, body: error.message }))
      const tookMs = performance.now() - start
      load.slowestMs = Math.max(load.slowestMs, Math.round(tookMs))
      if (tookMs > 1_000) load.slow++
      yetToBeAnswered.delete(client)
      if (status === expected) load[kind]++
      else load.failures.push(`${kind}: ${status} ${body.slice(0, 200)}`)
      if (thinkMs > 0) await think()
    }
  }

  const crowd = (count: number, start: () => Promise<void>) => Array.from({ length: count }, start)
  const runs = [
    ...crowd(followers, () => run('follows', 302, () => ask(agent, `${url}/${code}`, 'GET'))),
    ...crowd(creators, () =>
      run('creates', 201, () => write('/urls', 'POST', { original_url: 'https://acme.dev/b' }))
    ),
    ...crowd(changers, async () => {
      const { id } = await make()
      let version = 0
      await run('changes', 200, () => write(`/urls/${id}`, 'PUT', { title: `${version++}` }))
    })
  ]

  return Object.assign(load, {
    async turnOver() {
      yetToBeAnswered = new Set(clients)
      while (yetToBeAnswered.size > 0 && load.failures.length <= MOST_FAILURES) await wait(10)
    },
    async stop() {
      isOver = true
      await Promise.all(runs)
      agent.destroy()
    }
  })
}
