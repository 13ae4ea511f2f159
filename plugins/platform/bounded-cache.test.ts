import t from 'tap'
import { startApp } from '#testing/app.ts'

/** No input of clients makes a map of this process grow without end. */

const VALUES = 100_000
const AT_ONCE = 500

const zones = Intl.supportedValuesOf('timeZone')

/** A zone of this system in some case, `eUROPE/bERLIN`: as many are different as there are values. */
function zoneOf(place: number): string {
  const zone = zones[place % zones.length] ?? 'UTC'
  const bits = Math.floor(place / zones.length)
  let letter = 0
  return zone.replace(/[a-z]/gi, (one) => ((bits >> letter++) & 1 ? one.toUpperCase() : one.toLowerCase()))
}

const addressOf = (place: number) => `10.${place >> 16}.${(place >> 8) & 255}.${place & 255}`
const publicIdOf = (place: number) => place.toString(16).padStart(16, '0')

t.test('100,000 values of each input leave every cache within its bound', async (t) => {
  const env = { AUTH: 'keys', RATE_LIMIT: 'on', RATE_LIMIT_UNKNOWN_CODES: '1/60', TRUST_PROXY: '127.0.0.1' }
  const { app } = await startApp(t, { profile: 'alone', env })
  const open = await startApp(t, { profile: 'alone', env: { TRUST_PROXY: '127.0.0.1' } })
  const { json } = await open.request('POST', '/urls', {
    json: { original_url: 'https://example.com', short_code: 'held' }
  })
  t.equal(json.short_code, 'held')

  /** What is sent for the value number `place`, to either app. */
  const inputs: Record<string, (place: number) => Promise<number>> = {
    'short codes, and addresses that ask for them': async (place) =>
      (await app.inject({ url: `/${publicIdOf(place)}`, headers: { 'x-forwarded-for': addressOf(place) } }))
        .statusCode,
    'API keys': async (place) =>
      (
        await app.inject({
          url: '/urls',
          headers: {
            'x-api-key': `fl_${publicIdOf(place)}_${'A'.repeat(43)}`,
            'x-forwarded-for': addressOf(place)
          }
        })
      ).statusCode,
    'time zones': async (place) =>
      (await open.app.inject(`/stats?from=2025-01-02&to=2025-01-01&tz=${zoneOf(place)}`)).statusCode,
    'visitors and user agents': async (place) =>
      (
        await open.app.inject({
          url: '/held',
          headers: { 'user-agent': `agent ${place}`, 'x-forwarded-for': addressOf(place) }
        })
      ).statusCode
  }
  const expected: Record<string, number[]> = {
    'short codes, and addresses that ask for them': [404],
    'API keys': [401],
    'time zones': [422],
    'visitors and user agents': [302]
  }
  for (const [name, send] of Object.entries(inputs)) {
    const start = performance.now()
    const statuses = new Set<number>()
    for (let first = 0; first < VALUES; first += AT_ONCE) {
      const all = await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => send(first + at)))
      for (const status of all) statuses.add(status)
    }
    t.same([...statuses], expected[name], `${name}: ${Math.round(performance.now() - start)} ms`)
  }
  for (const one of [app, open.app]) {
    const { body } = await one.inject('/metrics')
    const read = (metric: string) =>
      new Map(
        [...body.matchAll(new RegExp(`^${metric}\\{cache="([^"]+)"\\} (\\d+)$`, 'gm'))].map(
          ([, name, value]) => [name, Number(value)]
        )
      )
    const [sizes, bounds] = [read('fairlead_cache_entries'), read('fairlead_cache_entries_max')]
    t.ok(sizes.size >= 10, [...sizes.keys()].join())
    for (const [name, size] of sizes)
      t.ok(size <= (bounds.get(name) ?? 0), `${name}: ${size} of ${bounds.get(name)}`)
  }
})
