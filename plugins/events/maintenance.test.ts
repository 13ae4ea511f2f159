import { sql } from 'drizzle-orm'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { makeClick } from '#testing/make-click.ts'
import { createEventService } from './service.ts'

/** Maintenance of the partitions of events over time, with a clock that the test sets. */

const { app, request } = await startApp(t)
const { db } = app.database
const maintain = (time: string, retentionMonths = 0) =>
  createEventService(app.database, { maxDetailsBytes: 1_000, retentionMonths }).maintain(Date.parse(time))
const names = async (): Promise<string[]> => {
  const { rows } = await db.execute<{ name: string }>(
    sql`select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events'::regclass order by 1`
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
  const made = await names()
  t.same(
    months.filter((month) => !made.includes(`events_${month.replace('-', '_')}`)),
    []
  )
})

t.test('events stored before the partition of their month move into it', async (t) => {
  for (const time of ['2031-12-31T23:59:59Z', '2032-01-01T00:00:00Z', '2032-02-29T12:00:00Z'])
    await insert(time)
  t.equal(await countIn('events_default'), 3)
  t.same(await maintain('2031-11-30T23:00:00Z'), { dropped: [] })
  t.equal(await countIn('events_default'), 1, 'February is not due')
  t.equal(await countIn('events_2031_12'), 1)
  t.equal(await countIn('events_2032_01'), 1)
  const { headers } = await request('GET', '/events?event_type=click&since=2031-01-01')
  t.equal(headers.get('x-total-count'), '3')
})

t.test('events past their retention are dropped, statistics remain', async (t) => {
  const path = `/urls/${url.id}/stats?from=2020-01-01&to=2020-12-31&unit=month`
  for (const month of ['01', '02', '03', '06'])
    await app.events.storeClicks([makeClick(url.id, `2020-${month}-15T12:00:00Z`)])
  await insert('1999-12-31T00:00:00Z')
  t.same(await maintain('2020-06-15'), { dropped: [] }, 'without a limit they stay')
  t.same(await maintain('2020-06-15', 3), { dropped: ['events_2020_01', 'events_2020_02'] })
  const { json: left } = await request('GET', '/events?event_type=click&until=2020-12-31')
  t.same(
    left.map(({ timestamp }: { timestamp: string }) => timestamp),
    ['2020-03-15T12:00:00', '2020-06-15T12:00:00']
  )
  t.equal((await request('GET', path)).json.clicks, 4)
})

t.test('concurrent maintenance by replicas is harmless', async (t) => {
  const reports = await Promise.all([1, 2, 3].map(() => maintain('2050-01-01')))
  t.ok(reports.some((report) => report !== null))
  t.ok((await names()).includes('events_2050_03'))
})
