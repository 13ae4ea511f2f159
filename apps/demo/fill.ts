import { buildApp } from '#apps/app.ts'
import { readConfig } from '#apps/config.ts'
import { setClock } from './clock.ts'
import { COLORS, LINKS, makeLinks, makeUsers } from './links.ts'
import { makeVisits, type Visit } from './visits.ts'

/**
 * Fills a demo: links through the import, and clicks through redirects. Each redirect is a request to the
 * app. The clock of this process is set to the day of the visits, and a visit's name has its time, as behind
 * nginx. So visitors, bots, referrers and rollups are those of the server itself.
 */

export const DAYS = 90

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Requests at a time: a batch of the click queue. */
const TOGETHER = 250
const SETTLE_MS = 30_000
/** Each nth link is switched off after its clicks. */
const OFF_EVERY = 11
const TRUSTED = '127.0.0.1'

type App = Awaited<ReturnType<typeof buildApp>>

/** Fills the new database in `folder`, with clicks until `now`. Calls `onDay` after each day. */
export async function fillDemo(folder: string, now: number, onDay: (day: number) => void): Promise<void> {
  // Load shedding is off: the requests come as fast as the server answers.
  const env = { DATA_DIR: folder, TRUST_PROXY: TRUSTED, SHED_EVENT_LOOP_MS: '0' }
  const app = await buildApp(readConfig(env))
  try {
    await app.ready()
    const links = makeLinks(now)
    await send(app, 'POST', '/sets/bulk', { users: makeUsers(now), urls: links })
    const today = Math.floor(now / DAY_MS) * DAY_MS
    for (let day = 1; day <= DAYS; day++) {
      const start = today - (DAYS - day) * DAY_MS
      setClock(Math.min(start + 12 * HOUR_MS, now))
      await app.stats.refreshSalt()
      await follow(app, makeVisits(links, start, now))
      onDay(day)
    }
    setClock(now)
    await addRest(app, now)
  } finally {
    await app.close()
  }
}

/** Follows the links of one day, and waits until its clicks are stored. */
async function follow(app: App, visits: readonly Visit[]): Promise<void> {
  for (let done = 0; done < visits.length; done += TOGETHER) {
    const answers = visits.slice(done, done + TOGETHER).map(({ code, ip, userAgent, referrer, name }) =>
      app.inject({
        url: `/${code}`,
        remoteAddress: TRUSTED,
        headers: {
          'x-forwarded-for': ip,
          'x-visit-id': name,
          'user-agent': userAgent,
          ...(referrer !== undefined && { referer: referrer })
        }
      })
    )
    for (const { statusCode, body } of await Promise.all(answers))
      if (statusCode !== 302) throw new Error(`a redirect of the demo answered ${statusCode}: ${body}`)
  }
  if (!(await app.clicks.settle(SETTLE_MS))) throw new Error('the clicks of the demo are not stored')
}

/** What comes after the clicks: switched-off and changed links, rules, tags, keys, and blocked hosts. */
async function addRest(app: App, now: number): Promise<void> {
  for (let id = OFF_EVERY; id <= LINKS; id += OFF_EVERY)
    await send(app, 'PUT', `/urls/${id}`, { is_active: false })
  const recent = LINKS - 3
  await send(app, 'PUT', `/urls/${recent}`, { title: 'Autumn sale: last chance' })
  await send(app, 'PUT', `/urls/${recent}`, { note: 'The title is that of the second mailing.' })
  const inAWeek = new Date(now + 7 * DAY_MS).toISOString().slice(0, 19)
  await send(app, 'PUT', `/urls/${LINKS}`, { starts_at: inAWeek })
  await send(app, 'PUT', `/urls/${LINKS - 1}`, { max_visits: 250, redirect_status: 307 })
  await send(app, 'PUT', `/urls/${LINKS - 2}`, { password: 'harvest' })
  await send(app, 'PUT', `/urls/${LINKS - 5}`, { forward_query: true })
  for (const [name, color] of Object.entries(COLORS)) await send(app, 'PATCH', `/api/tags/${name}`, { color })
  await send(app, 'POST', '/keys', { name: 'Website', role: 'member', user_id: 1 })
  await send(app, 'POST', '/keys', { name: 'Newsletter tool', role: 'member', user_id: 3 })
  await send(app, 'POST', '/keys', { name: 'Reports', role: 'read-only' })
  await send(app, 'POST', '/blocked-hosts', { host: '.phishing.example', reason: 'Phishing' })
  await send(app, 'POST', '/blocked-hosts', { host: 'tracker.example.net', reason: 'Not ours' })
}

async function send(app: App, method: 'POST' | 'PUT' | 'PATCH', url: string, payload: object): Promise<void> {
  const { statusCode, body } = await app.inject({ method, url, payload, remoteAddress: TRUSTED })
  if (statusCode >= 300) throw new Error(`${method} ${url} answered ${statusCode}: ${body}`)
}
