import { sql } from 'drizzle-orm'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { DAY_MS } from './aggregate.ts'
import { createStatsService, type StatsService } from './service.ts'
import { createClickCounter } from './service-counter.ts'

/** Maintenance over time, with a clock that the test sets. */

const { app, request } = await startApp(t)
const { db } = app.database
const unused = { findUrl: async () => null, countUrls: async () => 0, countUsers: async () => 0 }
const at = (time: string, retentionMonths = 0) => ({
  maintain: () => createStatsService(app.database, unused, { retentionMonths }).maintain(Date.parse(time))
})
const names = async (table: string): Promise<string[]> => {
  const { rows } = await db.execute<{ name: string }>(
    sql`select inhrelid::regclass::text as name from pg_inherits where inhparent = ${table}::regclass order by 1`
  )
  return rows.map(({ name }) => name)
}
const { json: url } = await request('POST', '/urls', { json: { original_url: 'https://acme.dev/harbor' } })
const insert = (time: string) =>
  db.execute(sql`insert into events (url_id, event_type, "timestamp") values (${url.id}, 'click', ${time})`)
const countIn = async (table: string) =>
  Number(
    (await db.execute<{ n: string }>(sql`select count(*) as n from ${sql.identifier(table)}`)).rows[0]?.n
  )

t.test('a started server has the partitions of this month and the next two', async (t) => {
  const now = new Date()
  const months = [0, 1, 2].map((ahead) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead)).toISOString().slice(0, 7)
  )
  const made = await names('events')
  for (const month of months) t.ok(made.includes(`events_${month.replace('-', '_')}`), month)
  t.ok(app.stats.currentSalt(), 'and the salt of the day')
})

t.test('events stored before the partition of their month move into it', async (t) => {
  for (const time of ['2031-12-31T23:59:59Z', '2032-01-01T00:00:00Z', '2032-02-29T12:00:00Z'])
    await insert(time)
  t.equal(await countIn('events_default'), 3)
  const report = await at('2031-11-30T23:00:00Z').maintain()
  t.notMatch(report?.dropped.join(), /^events/)
  t.equal(await countIn('events_default'), 1, 'February is not due')
  t.equal(await countIn('events_2031_12'), 1)
  t.equal(await countIn('events_2032_01'), 1)
  const { headers } = await request('GET', '/events?event_type=click&since=2031-01-01')
  t.equal(headers.get('x-total-count'), '3')
})

t.test('events past their retention are dropped, statistics remain', async (t) => {
  const path = `/urls/${url.id}/stats?from=2020-01-01&to=2020-12-31&unit=month`
  const count = createClickCounter(app.database.db, () => Date.parse('2020-06-15'))
  for (const month of ['01', '02', '03', '06']) {
    const time = `2020-${month}-15T12:00:00Z`
    await db.execute(sql`select ensure_events_partition(${time}::timestamptz)`)
    await insert(time)
    await app.database.transaction(() =>
      count([{ urlId: url.id, at: new Date(time), isBot: false, visitor: null }])
    )
  }
  await insert('1999-12-31T00:00:00Z')
  t.same(await at('2020-06-15').maintain(), { dropped: [] }, 'without a limit they stay')
  t.same(await at('2020-06-15', 3).maintain(), { dropped: ['events_2020_01', 'events_2020_02'] })
  const { json: left } = await request('GET', '/events?event_type=click&until=2020-12-31')
  t.same(
    left.map(({ timestamp }: { timestamp: string }) => timestamp),
    ['2020-03-15T12:00:00', '2020-06-15T12:00:00']
  )
  t.equal((await request('GET', path)).json.clicks, 4)
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
    await at(new Date(day + ahead * DAY_MS).toISOString()).maintain()
    t.equal((await names('url_visitors')).includes(partition), isThere)
  }
  const { json } = await request('GET', `/urls/${url.id}/stats?from=2035-05-10&to=2035-05-10`)
  t.equal(json.visitors, 2)
})

t.test('replicas share the salt of a day, fetch the next one early and delete it with its day', async (t) => {
  let now = Date.parse('2040-03-01T12:00:00Z')
  const [one, other] = [0, 0].map(() =>
    createStatsService(app.database, unused, { retentionMonths: 0, now: () => now })
  ) as [StatsService, StatsService]
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
  t.same(await Promise.all([one.refreshSalt(), other.refreshSalt()]), [true, true], 'a day ended')
  await one.maintain(now)
  t.same(other.currentSalt(), one.currentSalt())
  const { rows } = await db.execute<{ day: string }>(
    sql`select day::text from visitor_salts where day between '2040-01-01' and '2999-12-31' order by 1`
  )
  t.same(rows, [{ day: '2040-03-02' }])
})

t.test('concurrent maintenance by replicas is harmless', async (t) => {
  const reports = await Promise.all([1, 2, 3].map(() => at('2050-01-01').maintain()))
  t.ok(reports.some((report) => report !== null))
  t.ok((await names('events')).includes('events_2050_03'))
})
