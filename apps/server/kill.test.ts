import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { storageOf } from '#testing/app.ts'
import { type ListeningServer, startServer } from '#testing/process.ts'

/** What the server has acknowledged: titles of urls by id, as last answered. */
type Acknowledged = Map<number, string | null>

/** Creates and changes urls, one after the other, until the server is gone. */
async function write({ request }: ListeningServer, acknowledged: Acknowledged, unsure: Set<number>) {
  try {
    for (;;) {
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
    // The server is gone.
  }
}

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  t.test(
    `${signal} amid writes loses nothing that was acknowledged, and leaves nothing half done`,
    async (t) => {
      const storage = await storageOf(t, 'own')
      const acknowledged: Acknowledged = new Map()
      // Changes without an answer may have happened or not.
      const unsure = new Set<number>()
      for (let round = 0; round < (signal === 'SIGKILL' ? 3 : 1); round++) {
        const server = await startServer(t, storage)
        const goal = acknowledged.size + 40 + Math.floor(Math.random() * 40)
        const writers = Promise.all(Array.from({ length: 8 }, () => write(server, acknowledged, unsure)))
        while (acknowledged.size < goal) await wait(5)
        await server.end(signal)
        await writers
      }

      const { request } = await startServer(t, storage)
      const urls = (await request('GET', '/urls')).json as { id: number; title: string | null }[]
      const titles = new Map(urls.map(({ id, title }) => [id, title]))
      t.same(
        [...acknowledged].filter(([id, title]) => titles.get(id) !== title && !unsure.has(id)),
        [],
        `${acknowledged.size} acknowledged`
      )
      const events = (await request('GET', '/events')).json as { url_id: number; event_type: string }[]
      const count = (id: number, type: string) =>
        events.filter(({ url_id, event_type }) => url_id === id && event_type === type).length
      const torn = urls.filter(
        ({ id, title }) => count(id, 'created') !== 1 || count(id, 'updated') !== (title === null ? 0 : 1)
      )
      t.same(torn, [], 'each change has its event, and each event its change')
      t.ok(events.every(({ url_id }) => titles.has(url_id)))
    }
  )
}
