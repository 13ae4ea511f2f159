import { Agent } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { ask } from '#ops/stack/clients.ts'

/** Traffic for every panel of the dashboards, at a given rate. */

export interface Traffic {
  /** Resolves when the last answers have come. */
  stop(): Promise<void>
}

const TURN_MS = 50
const LINKS = 50
/** Requests in addition to redirects, sent in turn. */
const PATHS = [
  '/urls?page=1&per_page=20',
  '/nowhere',
  '/stats',
  '/urls/1/stats',
  '/users',
  '/events?per_page=5',
  '/gone1'
]

/**
 * Sends requests to the stack at `url` until it is stopped. Sends about `perSecond` redirects, in waves. For
 * every ten redirects it sends one API request, including new and changed links. Failed requests are not
 * repeated: dashboards show them.
 */
export async function sendTraffic(url: string, perSecond: number): Promise<Traffic> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const link = { original_url: 'https://acme.dev/a' }
  const made = await Promise.all(Array.from({ length: LINKS }, () => ask(agent, `${url}/urls`, 'POST', link)))
  const codes = made.map(({ body }) => (JSON.parse(body) as { short_code: string }).short_code)
  const underWay = new Set<Promise<unknown>>()
  const send = (path: string, method = 'GET', json?: object) => {
    const sent = ask(agent, url + path, method, json).catch(() => undefined)
    underWay.add(sent)
    void sent.finally(() => underWay.delete(sent))
  }
  let isOver = false

  async function run(): Promise<void> {
    let owed = 0
    let sent = 0
    for (let turn = 0; !isOver; turn++) {
      // A wave of two minutes.
      const level = 1 + 0.4 * Math.sin((turn * TURN_MS * 2 * Math.PI) / 120_000)
      for (owed += (perSecond * level * TURN_MS) / 1_000; owed >= 1; owed--) {
        send(`/${codes[sent % LINKS]}`)
        if (sent % 10 === 0) send(PATHS[(sent / 10) % PATHS.length] ?? '/')
        if (sent % 50 === 5) send('/urls', 'POST', link)
        if (sent % 100 === 7) send(`/urls/${1 + (sent % LINKS)}`, 'PUT', { title: `${sent}` })
        sent++
      }
      await wait(TURN_MS)
    }
  }

  const running = run()
  return {
    async stop() {
      isOver = true
      await running
      await Promise.all(underWay)
      agent.destroy()
    }
  }
}
