import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { startApp, storageOf } from '#testing/app.ts'

/** A replica with a wrong clock must delete nothing. */

const YEAR_MS = 365 * 86_400_000

/** Sets the clock of this process `aheadMs` ahead until the test ends. */
function setClock(t: Test, aheadMs: number): void {
  const now = Date.now
  t.intercept(Date, 'now', { value: () => now() + aheadMs })
}

/** Tables from which maintenance deletes rows. */
const KEPT = ['events', 'url_visitors', 'visitor_salts', 'audit_log', 'idempotency_keys', 'sessions']

t.test('a replica whose clock is years off deletes nothing, warns and counts it', async (t) => {
  const storage = await storageOf(t, 'alone')
  const env = { EVENT_RETENTION_MONTHS: '1', AUDIT_RETENTION_MONTHS: '1' }
  const { app, request } = await startApp(t, { storage, env })
  const headers = { 'idempotency-key': 'once' }
  const { json: url } = await request('POST', '/urls', {
    json: { original_url: 'https://a.dev', short_code: 'kept' },
    headers
  })
  await app.database.db.execute(
    sql`insert into sessions (id, token_hash, expires_at) values ('s', 'x', now() + interval '1 hour')`
  )
  t.equal(
    (
      await request('GET', '/kept', {
        headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' }
      })
    ).status,
    302
  )
  t.equal((await request('GET', `/urls/${url.id}/stats`)).json.visitors, 1)
  const state = async () => {
    const counts: Record<string, number> = {}
    for (const table of KEPT) {
      const { rows } = await app.database.db.execute<{ n: number }>(
        sql`select count(*)::int as n from ${sql.identifier(table)}`
      )
      counts[table] = rows[0]?.n ?? 0
    }
    const { rows } = await app.database.db.execute(
      sql`select relname from pg_class where relispartition and relkind = 'r' order by 1`
    )
    return { counts, partitions: rows }
  }
  const before = await state()
  for (const [table, rows] of Object.entries(before.counts)) t.ok(rows > 0, table)

  for (const aheadMs of [2 * YEAR_MS, -2 * YEAR_MS]) {
    await t.test(`${aheadMs / YEAR_MS} years ahead`, async (t) => {
      setClock(t, aheadMs)
      const log: string[] = []
      const logger = { level: 'warn', stream: { write: (line: string) => void log.push(line) } }
      const other = await startApp(t, { storage, env, logger })
      const works: ((now: number) => Promise<unknown>)[] = [
        other.app.events.maintain,
        other.app.stats.maintain,
        other.app.audit.maintain,
        other.app.sessions.prune,
        other.app.idempotency.prune
      ]
      for (const work of works) t.equal(await other.app.maintenance.run(work), null)
      const warnings = log.filter((line) => line.includes('maintenance refused'))
      t.equal(warnings.length, 1, 'once, not at each run')
      const metrics = (await other.request('GET', '/metrics')).text
      t.match(metrics, /^fairlead_maintenance_refused_total [1-9]/m)
      const skew = Number(/^fairlead_clock_skew_seconds (\S+)/m.exec(metrics)?.[1])
      t.ok(Math.abs(skew * 1_000 - aheadMs) < 60_000, `${skew} s`)
    })
    const { counts, partitions } = await state()
    for (const table of KEPT) t.ok((counts[table] ?? 0) >= (before.counts[table] ?? 0), `${table} is kept`)
    for (const partition of before.partitions)
      t.ok(partitions.some((one) => one['relname'] === partition['relname']))
  }
})

t.test('work gets the time of the database, and its result or error is passed on', async (t) => {
  const { app } = await startApp(t)
  const { rows } = await app.database.db.execute<{ now: string }>(
    sql`select extract(epoch from now()) * 1000 as now`
  )
  const now = await app.maintenance.run(async (now) => now)
  t.ok((now ?? 0) >= Number(rows[0]?.now))
  await t.rejects(
    app.maintenance.run(async () => {
      throw new Error('broken')
    }),
    /broken/
  )
  await t.test('a clock that is three minutes off is accepted', async (t) => {
    setClock(t, 180_000)
    t.equal(await app.maintenance.run(async () => 'done'), 'done')
  })
})
