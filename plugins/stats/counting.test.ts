import fc from 'fast-check'
import t from 'tap'
import { profiles, type Running, startApp } from '#testing/app.ts'
import { CHROME, makeClick as click } from '#testing/make-click.ts'
import { DAY_MS } from './aggregate.ts'
import { createClickCounter } from './service-counter.ts'

/** Click counts, as seen over HTTP. */

const BOT = 'Googlebot/2.1 (+http://www.google.com/bot.html)'

async function createUrl({ request }: Running): Promise<number> {
  const { json } = await request('POST', '/urls', { json: { original_url: 'https://acme.dev/harbor' } })
  return json.id
}

profiles(t, async (t, profile) => {
  const running = await startApp(t, { profile })
  const { app, request } = running
  const read = async (path: string) => (await request('GET', path)).json

  t.test('a redirect that was followed is in the statistics of its link and of all', async (t) => {
    const { json: url } = await request('POST', '/urls', {
      json: { original_url: 'https://acme.dev/canyon' }
    })
    for (const agent of [CHROME, CHROME, BOT]) {
      await request('GET', `/${url.short_code}`, { headers: { 'user-agent': agent } })
    }
    await app.clicks.settle(10_000)
    let stats = await read(`/urls/${url.id}/stats`)
    while (stats.clicks < 3) stats = await read(`/urls/${url.id}/stats`)
    t.match(stats, { url_id: url.id, clicks: 3, bots: 1, visitors: 1, unit: 'day', tz: 'UTC' })
    t.equal(stats.series.length, 30, 'thirty days are shown')
    t.match(stats.series.at(-1), { clicks: 3, bots: 1, visitors: 1 })
    t.match(stats.series.at(0), { clicks: 0, bots: 0, visitors: 0 })
    const all = await read('/stats')
    t.match(all, { clicks: 3, bots: 1, visitors: 1, users: 0, links: 1 })
    t.match(all.top, [{ url_id: url.id, short_code: url.short_code, clicks: 3 }])
  })

  t.test('a visitor who opted out counts as a click, without a visitor or identifying data', async (t) => {
    const { request, app } = await startApp(t, { profile, env: { VISITOR_OPT_OUT: 'honour' } })
    const { json: url } = await request('POST', '/urls', { json: { original_url: 'https://acme.dev/bay' } })
    const headers = { 'user-agent': CHROME, referer: 'https://from.example/', 'sec-gpc': '1' }
    await request('GET', `/${url.short_code}`, { headers })
    await app.clicks.settle(10_000)
    const ask = async () => (await request('GET', `/urls/${url.id}/stats`)).json
    let stats = await ask()
    while (stats.clicks < 1) stats = await ask()
    t.match(stats, { clicks: 1, bots: 0, visitors: 0 })
    const { json: events } = await request('GET', `/events?url_id=${url.id}&event_type=click`)
    t.same(events[0].details, { short_code: url.short_code })
  })

  t.test('the same batch twice counts once', async (t) => {
    const id = await createUrl(running)
    const batch = [click(id, '2025-06-04T10:00:00Z'), click(id, '2025-06-04T11:00:00Z')]
    await app.events.storeClicks(batch)
    await app.events.storeClicks([...batch, click(id, '2025-06-04T11:30:00Z')])
    const { series, ...stats } = await read(`/urls/${id}/stats?from=2025-06-04&to=2025-06-04&unit=hour`)
    t.match(stats, { clicks: 3, visitors: null, from: '2025-06-04T00:00:00', to: '2025-06-04T23:59:59' })
    t.same(series.slice(10, 12), [
      { start: '2025-06-04T10:00:00', clicks: 1, bots: 0 },
      { start: '2025-06-04T11:00:00', clicks: 2, bots: 0 }
    ])
  })

  t.test('days are those of the time zone, summer time included', async (t) => {
    const id = await createUrl(running)
    const times = [
      '2025-03-29T22:59:59Z',
      '2025-03-29T23:00:00Z',
      '2025-03-30T21:59:59Z',
      '2025-03-30T22:00:00Z'
    ]
    await app.events.storeClicks(times.map((at) => click(id, at)))
    const stats = await read(`/urls/${id}/stats?from=2025-03-29&to=2025-03-31&tz=Europe/Berlin`)
    t.same(
      stats.series.map(({ start, clicks }: { start: string; clicks: number }) => [start, clicks]),
      [
        ['2025-03-28T23:00:00', 1],
        ['2025-03-29T23:00:00', 2],
        ['2025-03-30T22:00:00', 1]
      ]
    )
    t.same([stats.from, stats.to], ['2025-03-28T23:00:00', '2025-03-31T21:59:59'])
    const again = await read(`/urls/${id}/stats?from=${stats.from}&to=${stats.to}&tz=Europe/Berlin`)
    t.same(again, stats, 'the range of an answer asks for the same answer')
  })

  t.test('a visitor counts once a day and link, and once a day for all links', async (t) => {
    const [one, other] = [await createUrl(running), await createUrl(running)]
    const today = Math.floor(Date.now() / DAY_MS) * DAY_MS
    const before = await read('/stats')
    const yesterday = today - DAY_MS
    await app.events.storeClicks([
      click(one, today, { visitor: 'a1' }),
      click(one, today + 1_000, { visitor: 'a1' }),
      click(other, today, { visitor: 'a1' }),
      click(one, yesterday, { visitor: 'a1' }),
      click(one, yesterday, { visitor: 'b2' }),
      click(one, today, { visitor: null }),
      click(one, today, { visitor: 'c3', userAgent: BOT })
    ])
    await app.events.storeClicks([
      click(one, today, { visitor: 'a1' }),
      click(one, today, { visitor: 'fff' })
    ])
    const stats = await read(`/urls/${one}/stats`)
    t.match(stats, { clicks: 8, bots: 1, visitors: 4 })
    t.same(
      stats.series.slice(-2).map(({ visitors }: { visitors: number }) => visitors),
      [2, 2]
    )
    t.equal((await read('/stats')).visitors - before.visitors, 4)
  })

  t.test('a click that arrives days late counts without a visitor', async (t) => {
    const id = await createUrl(running)
    const now = Date.parse('2026-02-10T12:00:00Z')
    const count = createClickCounter(app.database.db, () => now)
    const late = { urlId: id, at: new Date(now - 3 * DAY_MS), isBot: false, visitor: 'a1' }
    const strange = { urlId: id, at: new Date(now), isBot: false, visitor: 'not a hash' }
    await app.database.transaction(() => count([late, strange]))
    t.match(await read(`/urls/${id}/stats?from=2026-02-01&to=2026-02-10`), { clicks: 2, visitors: 0 })
  })

  t.test('a click that a client reports and clicks that are imported count as well', async (t) => {
    const id = await createUrl(running)
    await request('POST', '/events', { json: { url_id: id, event_type: 'click' } })
    await request('POST', '/events', { json: { url_id: id, event_type: 'created' } })
    t.equal((await read(`/urls/${id}/stats`)).clicks, 1)
    const rows = [
      {
        id: 900_001,
        url_id: id,
        user_id: null,
        event_type: 'click',
        timestamp: '2024-05-01 10:00:00',
        details: {}
      },
      {
        id: 900_002,
        url_id: id,
        user_id: null,
        event_type: 'click',
        timestamp: '2024-05-01 23:59:59',
        details: { bot: true }
      },
      {
        id: 900_003,
        url_id: id,
        user_id: null,
        event_type: 'updated',
        timestamp: '2024-05-01 10:00:00',
        details: {}
      }
    ]
    for (const imported of [3, 0])
      t.match((await request('POST', '/events/bulk', { json: rows })).json, { imported })
    const path = 'stats?from=2024-05-01&to=2024-05-01'
    t.match(await read(`/urls/${id}/${path}`), { clicks: 2, bots: 1, visitors: 0 })
    t.match(await read(`/${path}`), { clicks: 2, bots: 1, top: [{ url_id: id, clicks: 2 }] })
    t.match(await read(`/urls/${id}/${path}&unit=hour`), { clicks: 2, bots: 1 })
  })

  t.test('for any clicks, series of every unit and zone add up to their number', async () => {
    const hours = fc.array(fc.tuple(fc.integer({ min: 0, max: 1_800 }), fc.boolean()), {
      minLength: 1,
      maxLength: 30
    })
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns')
    const start = Date.parse('2022-02-10T12:30:00Z')
    await fc.assert(
      fc.asyncProperty(hours, zone, async (drawn, tz) => {
        const id = await createUrl(running)
        await app.events.storeClicks(
          drawn.map(([hour, isBot]) =>
            click(id, start + hour * 1_800_000, { userAgent: isBot ? BOT : CHROME })
          )
        )
        const bots = drawn.filter(([, isBot]) => isBot).length
        for (const unit of ['hour', 'day', 'week', 'month']) {
          const to = unit === 'hour' ? '2022-03-21' : '2022-03-31'
          const stats = await read(`/urls/${id}/stats?from=2022-02-10&to=${to}&unit=${unit}&tz=${tz}`)
          const sum = (key: 'clicks' | 'bots') =>
            stats.series.reduce((all: number, bucket: Record<string, number>) => all + (bucket[key] ?? 0), 0)
          const got = [stats.clicks, stats.bots, sum('clicks'), sum('bots')]
          const wanted = [drawn.length, bots, drawn.length, bots]
          if (got.join() !== wanted.join()) throw new Error(`${unit} ${tz}: ${got} instead of ${wanted}`)
        }
      }),
      { numRuns: 15 }
    )
  })

  t.test('concurrent counts of the same links lose nothing', async (t) => {
    const ids = [await createUrl(running), await createUrl(running), await createUrl(running)]
    const today = Math.floor(Date.now() / DAY_MS) * DAY_MS
    const batches = Array.from({ length: 12 }, (_, batch) =>
      Array.from({ length: 100 }, (_, n) => {
        const visitor = ((batch * 7 + n) % 40).toString(16)
        return click(ids[(batch + n) % 3] ?? 0, today, { visitor })
      })
    )
    await Promise.all(batches.map((batch) => app.events.storeClicks(batch)))
    const all = await Promise.all(ids.map((id) => read(`/urls/${id}/stats`)))
    t.equal(
      all.reduce((sum, { clicks }) => sum + clicks, 0),
      1_200
    )
    for (const { visitors } of all) t.equal(visitors, 40)
  })
})
