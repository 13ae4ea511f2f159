import t from 'tap'
import { startApp } from '#testing/app.ts'
import { makeRow, sendRows, toCsv, wipe } from '#testing/import-rows.ts'

/** Ids generated for one batch do not take ids of later batches. */

const running = await startApp(t)
const { app } = running

/** More rows than one batch of 20,000 rows and than one piece of the text. */
const ROWS = 50_000
const name = (at: number) => makeRow('users', at, 'new')

async function start() {
  await wipe(running)
  await app.database.pool.query('ALTER SEQUENCE users_id_seq RESTART')
}

async function load(rows: object[], onConflict: 'skip' | 'renumber' | 'fail') {
  const file = toCsv(rows as Record<string, unknown>[])
  async function* source() {
    for (let at = 0; at < file.length; at += 65_536) yield Buffer.from(file.slice(at, at + 65_536))
  }
  return app.imports.openSet(onConflict).importCsv('users', source())
}

t.test('a file of one batch gets the next ids', async (t) => {
  await start()
  const { json } = await sendRows(running, 'users', [{ ...name(1), id: null }, name(7)])
  t.match(json, { imported: 2 })
  const { rows } = await app.database.pool.query("SELECT id FROM users WHERE username = 'new-users-1'")
  t.ok(Number(rows[0].id) < 1_000_000)
})

for (const onConflict of ['skip', 'renumber', 'fail'] as const)
  t.test(`${onConflict}: rows without an id take no id of a later row`, async (t) => {
    await start()
    const rows = Array.from({ length: ROWS }, (_, at) => ({ ...name(at + 1), id: at < 10 ? null : at + 1 }))
    t.match(await load(rows, onConflict), { imported: ROWS, skipped: 0, conflicts: 0, renumbered: 0 })
  })

t.test('renumbered rows take no id of a later row', async (t) => {
  await start()
  await sendRows(running, 'users', [makeRow('users', 1), makeRow('users', 2)])
  const rows = Array.from({ length: ROWS }, (_, at) => name(at + 1))
  t.match(await load(rows, 'renumber'), { imported: ROWS, conflicts: 2, renumbered: 2 })
})
