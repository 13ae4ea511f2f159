import t from 'tap'
import { SYSTEM } from '#platform/access/caller.ts'
import { startApp } from '#testing/app.ts'

/** No client input makes a map of the process grow without bound. */

const VALUES = 100_000
const AT_ONCE = 1_000

const zones = Intl.supportedValuesOf('timeZone')
const perZone = Math.ceil(VALUES / zones.length)

/** Returns a zone of this system in one of its many capitalisations, such as `eUROPE/bERLIN`. */
function zoneOf(place: number): string {
  const bits = place % perZone
  let letter = 0
  return (zones[Math.floor(place / perZone)] ?? '').replace(/[a-z]/gi, (one) =>
    (bits >> letter++) & 1 ? one.toUpperCase() : one.toLowerCase()
  )
}

const addressOf = (place: number) => `10.${place >> 16}.${(place >> 8) & 255}.${place & 255}`
const publicIdOf = (place: number) => place.toString(16).padStart(16, '0')

t.test('100,000 values of each input leave every cache within its bound', async (t) => {
  const env = {
    AUTH: 'keys',
    CLICK_DURABILITY: 'buffered',
    RATE_LIMIT: 'on',
    RATE_LIMIT_UNKNOWN_CODES: '1/60',
    TRUST_PROXY: '127.0.0.1'
  }
  const { app } = await startApp(t, { profile: 'alone', env })
  const ask = async (url: string, headers: Record<string, string>) =>
    (await app.inject({ url, headers })).statusCode
  /** Sends the value number `place` and returns the result. */
  const inputs: Record<string, [expected: unknown, send: (place: number) => unknown]> = {
    'short codes, and addresses that ask for them': [
      404,
      (place) => ask(`/${publicIdOf(place)}`, { 'x-forwarded-for': addressOf(place) })
    ],
    'API keys': [
      'CREDENTIALS_INVALID',
      (place) => app.keys.open(`fl_${publicIdOf(place)}_${'A'.repeat(43)}`).catch(({ code }) => code)
    ],
    'time zones': [
      'INPUT_INVALID',
      (place) => {
        const query = { from: '2025-01-02', to: '2025-01-01', tz: zoneOf(place) }
        return app.stats.overall(SYSTEM, query, undefined).catch(({ code }) => code)
      }
    ],
    'visitors and user agents': [
      'taken',
      (place) =>
        new Promise((done) => {
          const link = {
            urlId: 1,
            userId: null,
            domain: '',
            shortCode: 'a',
            method: 'GET' as const,
            referrer: undefined
          }
          const draft = { ...link, ip: addressOf(place), userAgent: `agent ${place}`, visit: undefined }
          app.clicks.add(draft, { onTaken: () => done('taken'), onRefused: done })
        })
    ]
  }
  // Each unknown value causes a lookup; a real database would need minutes for these.
  const query = t.intercept(app.pg.pool, 'query', { value: async () => ({ rows: [], rowCount: 0 }) })
  for (const [name, [expected, send]] of Object.entries(inputs)) {
    if (name.startsWith('visitors')) query.restore()
    const outcomes = new Set<unknown>()
    for (let first = 0; first < VALUES; first += AT_ONCE)
      for (const one of await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => send(first + at))))
        outcomes.add(one)
    t.same([...outcomes], [expected], name)
  }
  const { body } = await app.inject('/metrics')
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
})
