import t from 'tap'
import { readPostmaster } from '#platform/database/bundled-cluster.ts'
import { storageOf } from '#testing/app.ts'
import { makeWarmLink, sendVisitors } from '#testing/click-context.ts'
import { type ListeningServer, startServer } from '#testing/process.ts'
import { until } from '#testing/until.ts'

/**
 * Kills during writes and clicks: acknowledged data exists afterwards, exactly once, and nothing is partial.
 */

const ROUNDS = 20

/** The changes that the server has acknowledged: titles of urls by id, as last answered. */
type Acknowledged = Map<number, string | null>

/** Creates and changes urls, one after the other, until the server ends or `isOver`. */
async function write(
  { request }: ListeningServer,
  acknowledged: Acknowledged,
  unsure: Set<number>,
  isOver: () => boolean
) {
  try {
    while (!isOver()) {
      const { status, json } = await request('POST', '/urls', {
        json: { original_url: 'https://example.com' }
      })
      if (status !== 201) continue
      acknowledged.set(json.id, null)
      const title = `title ${Math.random()}`
      unsure.add(json.id)
      const changed = await request('PUT', `/urls/${json.id}`, { json: { title } })
      if (changed.status !== 200) continue
      acknowledged.set(json.id, title)
      unsure.delete(json.id)
    }
  } catch {
    // The server has ended.
  }
}

async function killPostgres(dataDir: string | undefined): Promise<void> {
  const postmaster = await readPostmaster(dataDir ?? '')
  try {
    if (postmaster) process.kill(postmaster.pid, 'SIGKILL')
  } catch {
    // The killed one is restarting.
  }
}

t.test(
  `of ${ROUNDS} kills of the server, of PostgreSQL or of both none loses or repeats anything`,
  async (t) => {
    const storage = await storageOf(t, 'own')
    const acknowledged: Acknowledged = new Map()
    // Changes without an answer may or may not have happened.
    const unsure = new Set<number>()
    let [given, unanswered] = [0, 0]
    let server = await startServer(t, storage)
    await makeWarmLink(server, 'warm')
    for (let round = 0; round < ROUNDS; round++) {
      const victim = (['server', 'postgres', 'both'] as const)[round % 3]
      let isOver = false
      const visitors = sendVisitors(server, '/warm', 4)
      const writers = Promise.all(
        Array.from({ length: 4 }, () => write(server, acknowledged, unsure, () => isOver))
      )
      const progress = async () => {
        const goal = acknowledged.size + 10 + Math.floor(Math.random() * 20)
        await until(() => acknowledged.size >= goal)
        await visitors.untilGiven(20)
      }
      await progress()
      if (victim !== 'server') await killPostgres(storage['DATA_DIR'])
      if (victim === 'postgres') await progress()
      else await server.end('SIGKILL')
      isOver = true
      await Promise.all([writers, visitors.leave()])
      given += visitors.aggregate.given
      unanswered += visitors.aggregate.unanswered
      if (victim !== 'postgres') server = await startServer(t, storage)
    }

    const { request } = server
    const urls = (await request('GET', '/urls')).json as {
      id: number
      title: string | null
      short_code: string
    }[]
    const titles = new Map(urls.map(({ id, title }) => [id, title]))
    t.same(
      [...acknowledged].filter(([id, title]) => titles.get(id) !== title && !unsure.has(id)),
      [],
      `${acknowledged.size} acknowledged`
    )
    const events = (await request('GET', '/events?event_type=created')).json as { url_id: number }[]
    const updates = (await request('GET', '/events?event_type=updated')).json as { url_id: number }[]
    const count = (list: { url_id: number }[], id: number) =>
      list.filter(({ url_id }) => url_id === id).length
    const torn = urls.filter(
      ({ id, title }) => count(events, id) !== 1 || count(updates, id) !== (title === null ? 0 : 1)
    )
    t.same(torn, [], 'each change has its event, and each event its change')
    t.ok(events.every(({ url_id }) => titles.has(url_id)))

    const clicks = async () =>
      Number((await request('GET', '/events?event_type=click&per_page=1')).headers.get('x-total-count'))
    // One was the link's first visit. A visit without an answer may have been counted.
    await until(clicks, (count) => count > given)
    t.ok((await clicks()) <= given + 1 + unanswered, `${given} redirects were given`)
  }
)

t.test('SIGTERM during writes loses no acknowledged change', async (t) => {
  const storage = await storageOf(t, 'own')
  const acknowledged: Acknowledged = new Map()
  const unsure = new Set<number>()
  const server = await startServer(t, storage)
  const writers = Promise.all(
    Array.from({ length: 8 }, () => write(server, acknowledged, unsure, () => false))
  )
  await until(() => acknowledged.size >= 60)
  await server.end('SIGTERM')
  await writers
  const { request } = await startServer(t, storage)
  const urls = (await request('GET', '/urls')).json as { id: number; title: string | null }[]
  const titles = new Map(urls.map(({ id, title }) => [id, title]))
  t.same(
    [...acknowledged].filter(([id, title]) => titles.get(id) !== title && !unsure.has(id)),
    []
  )
})
