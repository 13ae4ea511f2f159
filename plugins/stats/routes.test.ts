import t from 'tap'
import { startApp } from '#testing/app.ts'

const { request } = await startApp(t)
const { json: url } = await request('POST', '/urls', { json: { original_url: 'https://acme.dev/harbor' } })

t.test('statistics of an unknown link are a 404', async (t) => {
  for (const id of ['999999', '0', 'abc', '1.5']) {
    const { status, json } = await request('GET', `/urls/${id}/stats`)
    t.match({ status, json }, { status: 404, json: { status: 404 } }, id)
  }
})

for (const [query, wanted] of [
  ['tz=Mars/Base', { path: 'tz' }],
  ['tz=%2B02:00', { path: 'tz' }],
  ['from=2025-06-02&to=2025-06-01', { path: 'from' }],
  ['from=2999-01-01', { path: 'from' }],
  ['from=2020-01-01&to=2025-01-01&unit=day', { path: 'unit' }],
  ['from=0001-01-01', { path: 'from' }],
  ['from=yesterday', { path: 'from' }],
  ['to=2025-02-30', { path: 'to' }],
  ['unit=year', { path: 'unit' }]
] as const) {
  t.test(`${query} is refused, saying what is wrong`, async (t) => {
    for (const path of [`/urls/${url.id}/stats`, '/stats']) {
      const { status, json } = await request('GET', `${path}?${query}`)
      t.match({ status, errors: json.errors }, { status: 422, errors: [wanted] })
    }
  })
}

t.test('a range has at most a thousand buckets, and its error says how to correct it', async (t) => {
  const { status, json } = await request(
    'GET',
    '/stats?unit=hour&from=2025-01-01T00:00:00&to=2025-02-11T16:00:00'
  )
  t.equal(status, 422)
  t.match(json.detail, /shorten it or take a larger unit/)
  const { json: stats } = await request(
    'GET',
    '/stats?unit=hour&from=2025-01-01T00:00:00&to=2025-02-11T15:59:59'
  )
  t.equal(stats.series.length, 1_000)
})

t.test('each unit has its own default range', async (t) => {
  for (const unit of ['hour', 'day', 'week', 'month']) {
    const { json } = await request('GET', `/stats?unit=${unit}&tz=Asia/Kathmandu`)
    t.match(json, { unit, clicks: 0, top: [], links: 1, users: 0 })
    t.equal(json.series.length, 30)
  }
})
