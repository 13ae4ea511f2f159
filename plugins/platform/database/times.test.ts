import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import pg from 'pg'
import t, { type Test } from 'tap'
import { wireTime } from '#schema/shapes/text.ts'
import { formatInstant, parseInstant } from '#schema/tables/instant.ts'
import { startApp, storageOf } from '#testing/app.ts'
import { listFiles, readText } from '#testing/sources.ts'

/** Times are read as written, for any year and with any date style and time zone of the database. */

const STYLES = ['ISO, DMY', 'SQL, DMY', 'German', 'Postgres, MDY']
const ZONES = ['UTC', 'Asia/Kolkata', 'America/St_Johns', 'Pacific/Apia']

/** Starts an app on a database with its own settings. */
async function startWith(t: Test, style: string, zone: string) {
  const storage = await storageOf(t, 'alone')
  const admin = new pg.Client({ connectionString: storage['DATABASE_URL'] ?? '' })
  await admin.connect()
  await admin.query(`DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET datestyle = %L', current_database(), '${style}');
    EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), '${zone}'); END $$`)
  await admin.end()
  return startApp(t, { storage })
}

const anyTime = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((time) => new Date(Math.floor(time.getTime() / 1_000) * 1_000))

for (const [place, style] of STYLES.entries()) {
  const zone = ZONES[place] ?? 'UTC'
  t.test(`with the date style ${style} in ${zone}`, async (t) => {
    const { request } = await startWith(t, style, zone)
    await fc.assert(
      fc.asyncProperty(anyTime, async (time) => {
        const expires_at = wireTime(time)
        const made = await request('POST', '/urls', { json: { original_url: 'https://a.dev', expires_at } })
        const read = await request('GET', `/urls/${made.json.id}`)
        const followed = await request('GET', `/${made.json.short_code}`)
        return (
          made.json.expires_at === expires_at &&
          read.json.expires_at === expires_at &&
          followed.status === (time.getTime() <= Date.now() ? 410 : 302)
        )
      }),
      { numRuns: 25, examples: [[new Date('0049-01-01T00:00:00Z')], [new Date('0001-01-01T00:00:00Z')]] }
    )
    t.equal((await request('GET', '/urls')).status, 200)
  })
}

t.test('a time is read as PostgreSQL writes it, in every zone and of every year', async (t) => {
  const { app } = await startApp(t)
  const time = fc.date({
    min: new Date('-004712-01-01T00:00:00Z'),
    max: new Date('+275760-09-12T00:00:00Z'),
    noInvalidDate: true
  })
  await app.database.withClient(async (client) => {
    for (const zone of ZONES) {
      await client.query(`SET timezone = '${zone}'`)
      await fc.assert(
        fc.asyncProperty(time, async (time) => {
          const { rows } = await client.query<{ text: string; ms: string; wire: string }>(
            `SELECT at::text AS text, extract(epoch FROM at) * 1000 AS ms, wire_time(at) AS wire
             FROM (SELECT $1::timestamptz(3) AS at) AS t`,
            [formatInstant(time)]
          )
          const [{ text = '', ms = '', wire = '' } = {}] = rows
          const isRead = Number(ms) === time.getTime() && parseInstant(text).getTime() === time.getTime()
          return isRead && wire === wireTime(time)
        }),
        { numRuns: 200 }
      )
    }
    await client.query("SET timezone = 'UTC'")
    const { rows } = await client.query(
      "SELECT at::text, wire_time(at) AS wire FROM unnest('{infinity,-infinity,0001-12-31 BC}'::timestamptz[]) AS at"
    )
    t.same(
      rows.map(({ wire }) => wire),
      rows.map(({ at }) => wireTime(parseInstant(at)))
    )
    const { rows: plan } = await client.query('EXPLAIN VERBOSE SELECT wire_time(now())')
    t.notMatch(JSON.stringify(plan), /wire_time\(/, 'lists do not call it for each row')
  })
  t.throws(() => parseInstant('04/06/2025 00:07:00 UTC'), /not in its ISO style/)
})

t.test('times that no request can set are returned, and break no list', async (t) => {
  const { app, request } = await startApp(t)
  for (const [code, time] of [
    ['never', 'infinity'],
    ['ever', '-infinity'],
    ['before', '0044-03-15 12:00:00+00 BC'],
    ['late', '20000-01-01 00:00:00+00']
  ] as const) {
    await app.database.db.execute(
      sql`insert into urls (short_code, original_url, created_at, expires_at) values (${code}, 'https://a.dev', ${time}, ${time})`
    )
    const status = code === 'never' || code === 'late' ? 302 : 410
    t.equal((await request('GET', `/${code}`)).status, status, code)
  }
  const { status, json } = await request('GET', '/urls')
  t.equal(status, 200)
  t.match(json.slice(2), [{ expires_at: '-000043-03-15T12:00:00' }, { expires_at: '+020000-01-01T00:00:00' }])
})

t.test(
  'a time outside of the years 0001 to 9999 is refused wherever one is taken, with field and range',
  async (t) => {
    const { request } = await startApp(t)
    const { json: url } = await request('POST', '/urls', { json: { original_url: 'https://a.dev' } })
    const ask = (path: string) => (time: string) => request('GET', `${path}=${encodeURIComponent(time)}`)
    const places: [field: string, send: (time: string) => ReturnType<typeof request>][] = [
      [
        'expires_at',
        (expires_at) => request('POST', '/urls', { json: { original_url: 'https://a.dev', expires_at } })
      ],
      ['expires_at', (expires_at) => request('PUT', `/urls/${url.id}`, { json: { expires_at } })],
      [
        'expires_at',
        (expires_at) => request('POST', '/keys', { json: { name: 'k', role: 'admin', expires_at } })
      ],
      ['since', ask('/events?since')],
      ['until', ask('/events?until')],
      ['since', ask('/audit?since')],
      ['until', ask('/audit?until')],
      ['from', ask('/stats?unit=month&from')],
      ['to', ask('/stats?unit=month&to')],
      ['from', ask(`/urls/${url.id}/stats?unit=month&from`)],
      ['to', ask(`/urls/${url.id}/stats?unit=month&to`)]
    ]
    const times = [
      '0000-12-31T23:59:59',
      '0001-01-01T00:00:00+01:00',
      '9999-12-31T23:59:59-01',
      '10000-01-01T00:00:00',
      '+010000-01-01'
    ]
    for (const time of times) {
      for (const [field, send] of places) {
        const { status, json } = await send(time)
        t.match(
          { status, json },
          { status: 422, json: { errors: [{ path: field, message: /9999/ }] } },
          `${field} ${time}`
        )
      }
      const rows: [kind: string, columns: string[], row: (time: string) => string][] = [
        ['users', ['created_at'], (time) => `id,username,email,created_at\n7,a,a@a.dev,${time}`],
        [
          'urls',
          ['created_at'],
          (time) =>
            `id,user_id,short_code,original_url,title,is_active,created_at,updated_at\n7,,abc,https://a.dev,,True,${time},2025-01-01 00:00:00`
        ],
        [
          'urls',
          ['expires_at'],
          (time) =>
            `id,user_id,short_code,original_url,title,is_active,created_at,updated_at,expires_at\n7,,abc,https://a.dev,,True,2025-01-01 00:00:00,2025-01-01 00:00:00,${time}`
        ],
        [
          'events',
          ['timestamp'],
          (time) => `id,url_id,user_id,event_type,timestamp,details\n7,1,,seen,${time},{}`
        ]
      ]
      for (const [kind, [column], row] of rows) {
        const headers = { 'content-type': 'text/csv' }
        const { json } = await request('POST', `/${kind}/bulk`, { body: row(time), headers })
        t.match(
          json,
          { rejected: 1, errors: [{ line: 2, reason: new RegExp(`${column}.*9999`) }] },
          `${kind} ${time}`
        )
      }
    }
    t.equal((await request('GET', '/stats?unit=month&from=9999-01-01&to=9999-12-31')).status, 200)
    t.equal(
      (await request('GET', '/stats?unit=month&from=9999-01-01&to=9999-12-31&tz=America/Lima')).status,
      200
    )
  }
)

t.test('no table has a column of Drizzle that reads times with new Date()', async (t) => {
  const files = listFiles(['schema/tables'], /\.ts$/)
  t.ok(files.length > 10)
  for (const file of files) t.notMatch(readText(file), /\btimestamp\(/, file)
})
