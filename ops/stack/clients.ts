import { Agent, request as requestHttp } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

/** Clients of a stack, each with a connection of its own that it keeps and one request under way. */

export interface Answer {
  status: number
  body: string
}

/** One request over the connections of `agent`; rejects where there is no answer. */
export function ask(agent: Agent, url: string, method: string, json?: object): Promise<Answer> {
  return new Promise((done, fail) => {
    const headers = json ? { 'content-type': 'application/json' } : {}
    const sent = requestHttp(url, { agent, method, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        body += chunk
      })
      response.once('end', () => done({ status: response.statusCode ?? 0, body })).once('error', fail)
    })
    sent.once('error', fail).end(json && JSON.stringify(json))
  })
}

/** How many clients follow a link, create links (POST), and change the link that each of them has (PUT). */
export interface Crowd {
  followers: number
  creators: number
  changers: number
  /** How long each thinks before it asks again, on average; not at all when not said. */
  thinkMs?: number
}

export interface Load {
  /** Answers as they should be. */
  readonly follows: number
  readonly creates: number
  readonly changes: number
  /** What was not answered as it should be, in words. */
  readonly failures: readonly string[]
  /** Resolves when each client has been answered from now on, or too many requests failed. */
  turnOver(): Promise<void>
  /** Resolves when the last answers have come. */
  stop(): Promise<void>
}

/** A stack that fails must not be asked a million times. */
const MOST_FAILURES = 50

/** Has a crowd ask the stack at `url` until it is stopped. Throws when its links can't be made. */
export async function sendLoad(
  url: string,
  { followers, creators, changers, thinkMs = 0 }: Crowd
): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: followers + creators + changers })
  const load = { follows: 0, creates: 0, changes: 0, failures: [] as string[] }
  let isOver = false
  const clients = new Set<object>()
  let yetToBeAnswered = new Set<object>()

  async function make(): Promise<{ id: number; short_code: string }> {
    const { status, body } = await ask(agent, `${url}/urls`, 'POST', { original_url: 'https://acme.dev/a' })
    if (status !== 201) throw new Error(`no link was made: ${status} ${body}`)
    return JSON.parse(body)
  }

  async function run(
    kind: 'follows' | 'creates' | 'changes',
    expected: number,
    send: () => Promise<Answer>
  ): Promise<void> {
    const client = {}
    clients.add(client)
    const think = () => wait(2 * Math.random() * thinkMs)
    // Not all at once in the beginning.
    if (thinkMs > 0) await think()
    while (!isOver && load.failures.length <= MOST_FAILURES) {
      const { status, body } = await send().catch((error: Error) => ({ status: 0, body: error.message }))
      yetToBeAnswered.delete(client)
      if (status === expected) load[kind]++
      else load.failures.push(`${kind}: ${status} ${body.slice(0, 200)}`)
      if (thinkMs > 0) await think()
    }
  }

  const crowd = (count: number, start: () => Promise<void>) => Array.from({ length: count }, start)
  const { short_code } = await make()
  const runs = [
    ...crowd(followers, () => run('follows', 302, () => ask(agent, `${url}/${short_code}`, 'GET'))),
    ...crowd(creators, () =>
      run('creates', 201, () => ask(agent, `${url}/urls`, 'POST', { original_url: 'https://acme.dev/b' }))
    ),
    ...crowd(changers, async () => {
      const { id } = await make()
      let version = 0
      await run('changes', 200, () => ask(agent, `${url}/urls/${id}`, 'PUT', { title: `${version++}` }))
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
