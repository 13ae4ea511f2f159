import t from 'tap'
import { type Running, startApp } from '#testing/app.ts'
import { makeClick as click } from '#testing/make-click.ts'

/** The most clicked links, as seen over HTTP, and the cost of keeping them in order. */

const TARGET = 'https://acme.dev/harbor'

const clicks = (urlId: number, count: number, at: string) =>
  Array.from({ length: count }, () => click(urlId, at))

async function createUrls({ request }: Running, count: number): Promise<number[]> {
  const ids: number[] = []
  for (let n = 0; n < count; n++)
    ids.push((await request('POST', '/urls', { json: { original_url: TARGET } })).json.id)
  return ids
}

const running = await startApp(t)
const { app, request } = running
const idsOf = (top: { url_id: number }[]) => top.map(({ url_id: id }) => id)

t.test('the most clicked links come first, deleted ones not at all', async (t) => {
  const ids = await createUrls(running, 12)
  const stored = ids.flatMap((id, n) => clicks(id, n + 1, '2023-07-01T08:00:00Z'))
  await app.events.storeClicks(stored)
  await app.events.storeClicks([...stored.slice(0, 1), click(ids[0] ?? 0, '2023-07-02T08:00:00Z')])
  await request('DELETE', `/urls/${ids[11]}`)
  const { top, ...all } = (await request('GET', '/stats?from=2023-07-01&to=2023-07-02')).json
  t.equal(all.clicks, 79)
  t.equal(top.length, 10)
  t.same(idsOf(top).slice(0, 3), [ids[10], ids[9], ids[8]])
  t.match(top[0], { clicks: 11, original_url: TARGET, title: null })
  t.equal((await request('GET', `/urls/${ids[11]}/stats`)).status, 404)
})

t.test('a dozen popular links are found among hundreds of others', async (t) => {
  const ids = await createUrls(running, 300)
  // The oldest links lead, so neither the order of ids nor that of clicks gives the result.
  const leaders = ids.slice(0, 12)
  const stored = ids.map((id) => click(id, '2023-08-01T08:00:00Z'))
  for (const [place, id] of leaders.entries()) stored.push(...clicks(id, 40 - place, '2023-08-01T09:00:00Z'))
  await app.events.storeClicks(stored)
  const { top } = (await request('GET', '/stats?from=2023-08-01&to=2023-08-02')).json
  t.same(idsOf(top), leaders.slice(0, 10))
  t.match(top[0], { clicks: 41 })
})

t.test('deleted links take no place, however many there are', async (t) => {
  const ids = await createUrls(running, 120)
  const stored = ids.flatMap((id, n) => clicks(id, n < 110 ? 12 : 1, '2023-08-21T08:00:00Z'))
  await app.events.storeClicks(stored)
  await request('DELETE', '/api/links/bulk', { json: { items: ids.slice(0, 110).map((id) => ({ id })) } })
  const { top } = (await request('GET', '/stats?from=2023-08-21&to=2023-08-22')).json
  t.same(idsOf(top), ids.slice(110))
})

t.test('counting repeated clicks of a link does not touch the indexes', async (t) => {
  const [id = 0] = await createUrls(running, 1)
  const count = async () => {
    // A session flushes its counters when idle, or after a second.
    await app.database.db.execute('select pg_stat_force_next_flush()')
    const { rows } = await app.database.db.execute<{ updated: string; hot: string }>(
      `select sum(n_tup_upd) as updated, sum(n_tup_hot_upd) as hot from pg_stat_user_tables
       where relname in ('url_stats_daily', 'url_stats_hourly')`
    )
    return { updated: Number(rows[0]?.updated), hot: Number(rows[0]?.hot) }
  }
  const TIMES = 100
  const before = await count()
  for (let time = 0; time < TIMES; time++) await app.events.storeClicks([click(id, '2023-09-01T08:00:00Z')])
  // One link and all links, by hour and by day; the first click of each inserts.
  const updates = 4 * TIMES - 4
  let after = await count()
  while (after.updated - before.updated < updates) after = await count()
  t.equal(after.updated - before.updated, updates)
  // Two of four rows pass eight magnitudes on the way to a hundred; some pages are full.
  const hot = after.hot - before.hot
  t.ok(hot > 0.85 * updates, `${hot} of ${updates}`)
})
