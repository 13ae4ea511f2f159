import t from 'tap'
import { hasServers, profiles, type Running, startApp, storageOf } from '#testing/app.ts'
import { missing, startPgbouncer } from '#testing/servers.ts'

/** Imports beside one another, and imports that end early. */

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
  t.test('an import that broke off is finished by loading the file again', async (t) => {
    const running = await startApp(t, { profile })
    const { imports } = running.app
    // Beyond a batch of either profile.
    const rows = profile === 'embedded' ? 3_000 : 45_000
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

  t.test('imports of the same rows at once bring each row once', async (t) => {
    const storage = await storageOf(t, profile)
    const replicas = [await startApp(t, { storage })]
    if (profile === 'server') replicas.push(await startApp(t, { storage }), await startApp(t, { storage }))
    const loads = replicas.flatMap(({ app }) => [
      app.imports.importCsv('events', events(3_000)),
      app.imports.importCsv('events', events(3_000, { from: 1_001 }))
    ])
    const reports = await Promise.all(loads)
    t.equal(
      reports.reduce((sum, { imported }) => sum + imported, 0),
      4_000
    )
    t.ok(reports.every(({ count, imported, skipped }) => count === 3_000 && imported + skipped === 3_000))
    t.equal(await count(replicas[0] as Running), 4_000)
  })
})

t.test('works through PgBouncer in transaction mode', { skip: missing('pgbouncer') }, async (t) => {
  if (!hasServers()) return
  const direct = await storageOf(t, 'server')
  const pooler = await startPgbouncer(t, direct['DATABASE_URL'] ?? '')
  const storage = { ...direct, DATABASE_URL: pooler.url, DATABASE_POOLER: 'pgbouncer' }
  const running = await startApp(t, { storage })
  t.match(await running.app.imports.importCsv('events', events(1_000)), { imported: 1_000 })
  let text = ''
  await running.app.imports.exportCsv(async (_kind, parts) => {
    for await (const part of parts) text += part
  })
  t.match(text, '1000,1,,click,2025-06-04 00:07:00,{}\n')
})
