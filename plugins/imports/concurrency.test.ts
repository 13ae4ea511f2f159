import t from 'tap'
import { hasRedis, profiles, type Running, startApp, storageOf } from '#testing/app.ts'
import { missing } from '#testing/programs.ts'
import { startPgbouncer } from '#testing/servers.ts'

/** Concurrent imports, and imports that end early. */

const HEADER = 'id,url_id,user_id,event_type,timestamp,details\n'

async function* events(rows: number, { from = 1, breaksAt = Infinity } = {}) {
  yield Buffer.from(HEADER)
  for (let at = 0; at < rows; at += 500) {
    if (at >= breaksAt) throw new Error('the disk is gone')
    const ids = Array.from({ length: Math.min(500, rows - at) }, (_, index) => from + at + index)
    yield Buffer.from(ids.map((id) => `${id},1,,click,2025-06-04 00:07:00,\n`).join(''))
  }
}

async function count({ app }: Running): Promise<number> {
  const { rows } = await app.database.pool.query('SELECT count(*), count(DISTINCT id) AS ids FROM events')
  if (rows[0].count !== rows[0].ids) throw new Error(`${rows[0].count} events have ${rows[0].ids} ids`)
  return Number(rows[0].count)
}

profiles(t, async (t, profile) => {
  t.test('importing the file again completes an aborted import', async (t) => {
    const running = await startApp(t, { profile })
    const imports = running.app.imports.openSet('skip')
    // More than one batch.
    const rows = 45_000
    await t.rejects(imports.importCsv('events', events(rows, { breaksAt: rows - 500 })), /the disk is gone/)
    const landed = await count(running)
    t.ok(landed > 0 && landed < rows, `${landed} rows landed`)
    t.match(await imports.importCsv('events', events(rows)), {
      count: rows,
      imported: rows - landed,
      skipped: landed
    })
    t.equal(await count(running), rows)
  })

  t.test('concurrent imports of the same rows store each row once', async (t) => {
    const storage = await storageOf(t, profile)
    const replicas = [await startApp(t, { storage })]
    if (profile === 'redis') replicas.push(await startApp(t, { storage }), await startApp(t, { storage }))
    const loads = replicas.flatMap(({ app }) => [
      app.imports.openSet('skip').importCsv('events', events(3_000)),
      app.imports.openSet('skip').importCsv('events', events(3_000, { from: 1_001 }))
    ])
    const reports = await Promise.all(loads)
    t.equal(
      reports.reduce((sum, { imported }) => sum + imported, 0),
      4_000
    )
    t.ok(reports.every(({ count, imported, skipped }) => count === 3_000 && imported + skipped === 3_000))
    t.equal(await count(replicas[0] as Running), 4_000)
  })

  t.test('rows and clicks that take the same ids are all stored', async (t) => {
    const running = await startApp(t, { profile })
    const { app, request } = running
    const { json: link } = await request('POST', '/urls', { json: { original_url: 'https://acme.dev/' } })
    let followed = 0
    let isOver = false
    async function keepFollowing() {
      for (; !isOver; followed++)
        if ((await request('GET', `/${link.short_code}`)).status !== 302) throw new Error('it leads nowhere')
    }
    const visitors = Array.from({ length: 8 }, keepFollowing)
    // From the next free id, and more than several batches.
    const rows = 80_000
    const report = await app.imports.openSet('skip').importCsv('events', events(rows, { from: 2 }))
    isOver = true
    await Promise.all(visitors)
    t.match(report, { count: rows, imported: rows, skipped: 0, rejected: 0 })
    t.ok(await app.clicks.settle(60_000))
    t.equal(await count(running), 1 + rows + followed)
    const { rows: kept } = await app.database.pool.query(
      'SELECT count(*) FROM events WHERE click_id IS NULL AND id BETWEEN 2 AND $1',
      [rows + 1]
    )
    t.equal(Number(kept[0].count), rows, 'under their own ids')
    t.match(await app.imports.openSet('skip').importCsv('events', events(rows, { from: 2 })), {
      imported: 0,
      skipped: rows
    })
    t.equal(await count(running), 1 + rows + followed, 'and again changes nothing')

    const draft = { url_id: link.id, event_type: 'seen' }
    const { json: posted } = await request('POST', '/events', { json: draft })
    t.match(await app.imports.openSet('skip').importCsv('events', events(3, { from: posted.id })), {
      imported: 2,
      skipped: 1,
      warnings: [{ line: 2, reason: /^id \d+ is taken by a different event \(event_type, timestamp\)/ }]
    })
    t.match((await request('GET', `/events/${posted.id}`)).json, draft, 'the answer that named it stays true')
  })
})

t.test('works through PgBouncer in transaction mode', { skip: missing('pgbouncer') }, async (t) => {
  if (!hasRedis()) return
  const direct = await storageOf(t, 'redis')
  const pooler = await startPgbouncer(t, direct['DATABASE_URL'] ?? '')
  const storage = { ...direct, DATABASE_URL: pooler.url, DATABASE_POOLER: 'pgbouncer' }
  const running = await startApp(t, { storage })
  t.match(await running.app.imports.openSet('skip').importCsv('events', events(1_000)), { imported: 1_000 })
  let text = ''
  await running.app.imports.exportCsv(async (_kind, parts) => {
    for await (const part of parts) text += part
  })
  t.match(text, '1000,1,,click,2025-06-04 00:07:00,{}\n')
})
