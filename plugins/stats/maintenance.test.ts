import { sql } from 'drizzle-orm'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { DAY_MS } from './aggregate.ts'
import { createStatsService, type StatsService } from './service.ts'
import { createClickCounter } from './service-counter.ts'
import { ensureVisitorsPartitions } from './store-clicks.ts'

/** Maintenance of visitors and salts over time, with a clock that the test sets. */

const { app, request } = await startApp(t)
const { db } = app.database
const unused = { findUrl: async () => null, countUrls: async () => 0, countUsers: async () => 0 }
const maintain = (time: string) => createStatsService(app.database, unused).maintain(Date.parse(time))
const names = async (): Promise<string[]> => {
  const { rows } = await db.execute<{ name: string }>(
    sql`select inhrelid::regclass::text as name from pg_inherits where inhparent = 'url_visitors'::regclass order by 1`
  )
  return rows.map(({ name }) => name)
}
const { json: url } = await request('POST', '/urls', { json: { original_url: 'https://acme.dev/harbor' } })
const countIn = async (table: string) =>
  Number(
    (await db.execute<{ n: string }>(sql`select count(*) as n from ${sql.identifier(table)}`)).rows[0]?.n
  )

t.test('a started server has the salt of the day and the partitions of today and tomorrow', async (t) => {
  t.ok(app.stats.currentSalt())
  const days = [0, 1].map((ahead) => new Date(Date.now() + ahead * DAY_MS).toISOString().slice(0, 10))
  const made = await names()
  t.same(
    days.filter((day) => !made.includes(`url_visitors_${day.replaceAll('-', '_')}`)),
    []
  )
})

t.test('concurrent calls for the partition of a day make it once', async (t) => {
  const days = Array.from({ length: 12 }, (_, at) => `2036-01-${String(at + 1).padStart(2, '0')}`)
  const faults: unknown[] = []
  for (const day of days) {
    const calls = Array.from({ length: 6 }, () =>
      app.database.transaction(() => ensureVisitorsPartitions(db, [day]))
    )
    for (const call of await Promise.allSettled(calls))
      if (call.status === 'rejected') faults.push(call.reason)
  }
  t.same(faults.map(String), [])
  t.equal((await names()).filter((name) => name.startsWith('url_visitors_2036_01')).length, days.length)
})

t.test('visitors are deleted after two days, their numbers remain', async (t) => {
  const day = Date.parse('2035-05-10T12:00:00Z')
  const count = createClickCounter(app.database.db, () => day)
  const visit = (visitor: string) => [{ urlId: url.id, at: new Date(day), isBot: false, visitor }]
  for (const visitor of ['a1', 'b2', 'a1']) await app.database.transaction(() => count(visit(visitor)))
  const partition = 'url_visitors_2035_05_10'
  t.equal(await countIn(partition), 4, 'twice for the link, twice for all')
  for (const [ahead, isThere] of [
    [1, true],
    [2, true],
    [3, false]
  ] as const) {
    await maintain(new Date(day + ahead * DAY_MS).toISOString())
    t.equal((await names()).includes(partition), isThere)
  }
  const { json } = await request('GET', `/urls/${url.id}/stats?from=2035-05-10&to=2035-05-10`)
  t.equal(json.visitors, 2)
})

t.test('replicas share the salt of a day, fetch the next one early and delete it with its day', async (t) => {
  let now = Date.parse('2040-03-01T12:00:00Z')
  const [one, other] = [0, 0].map(() => createStatsService(app.database, unused, { now: () => now })) as [
    StatsService,
    StatsService
  ]
  t.equal(one.currentSalt(), null, 'there is none before it was fetched')
  await Promise.all([one.refreshSalt(), other.refreshSalt()])
  const first = one.currentSalt()
  t.equal(first?.length, 32)
  t.same(other.currentSalt(), first)
  now = Date.parse('2040-03-01T23:50:00Z')
  await one.refreshSalt()
  t.equal(one.currentSalt(), first, 'the same object, so that hashing can detect that it is unchanged')
  now = Date.parse('2040-03-02T00:00:00Z')
  t.ok(one.currentSalt(), 'there without asking the database')
  t.notSame(one.currentSalt(), first)
  t.equal(other.currentSalt(), null, 'the one of yesterday is not used')
  await Promise.all([one.refreshSalt(), other.refreshSalt()])
  await one.maintain(now)
  t.same(other.currentSalt(), one.currentSalt())
  const { rows } = await db.execute<{ day: string }>(
    sql`select day::text from visitor_salts where day between '2040-01-01' and '2999-12-31' order by 1`
  )
  t.same(rows, [{ day: '2040-03-02' }])
})

t.test('concurrent maintenance by replicas is harmless', async (t) => {
  const reports = await Promise.all([1, 2, 3].map(() => maintain('2050-01-01')))
  t.ok(reports.some((report) => report !== null))
  t.ok((await names()).includes('url_visitors_2050_01_02'))
})
