import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { profiles, startApp } from '#testing/app.ts'
import { migrate } from './migrations.ts'

/** A folder as drizzle-kit writes it, with one file for each of `steps`, later than any real one. */
async function writeMigrations(t: Test, ...steps: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-migrations-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'meta'))
  const entries = steps.map((_, idx) => ({
    idx,
    version: '7',
    when: 9e12 + idx,
    tag: `step${idx}`,
    breakpoints: true
  }))
  await writeFile(
    join(folder, 'meta', '_journal.json'),
    JSON.stringify({ version: '7', dialect: 'postgresql', entries })
  )
  for (const [at, step] of steps.entries()) await writeFile(join(folder, `step${at}.sql`), step)
  return folder
}

const BREAK = '\n--> statement-breakpoint\n'

profiles(t, async (t, profile) => {
  const { app } = await startApp(t, { profile })
  const { pool, withClient } = app.database
  const exists = async (table: string) =>
    (await pool.query('SELECT to_regclass($1) IS NOT NULL AS is', [table])).rows[0].is as boolean

  t.test('what fails leaves nothing behind, also not the steps before it', async (t) => {
    const folder = await writeMigrations(
      t,
      'CREATE TABLE one ();',
      `CREATE TABLE two ();${BREAK}CREATE TABLE oops (x nonsense);`
    )
    await t.rejects(
      withClient((client) => migrate(client, folder)),
      /nonsense/
    )
    t.equal(await exists('one'), false)
    t.equal(await exists('two'), false)
  })

  t.test('steps run once, in order, and later ones are added', async (t) => {
    const [one, two] = [
      'CREATE TABLE one ();',
      `ALTER TABLE one ADD n int;${BREAK}INSERT INTO one VALUES (1);`
    ]
    t.equal(await withClient(async (client) => migrate(client, await writeMigrations(t, one))), 1)
    const both = await writeMigrations(t, one, two)
    t.equal(await withClient((client) => migrate(client, both)), 1)
    t.equal(await withClient((client) => migrate(client, both)), 0)
    t.match((await pool.query('SELECT n FROM one')).rows, [{ n: 1 }])
  })

  t.test('those who start together take turns', async (t) => {
    if (app.database.embedded) return
    const folder = await writeMigrations(
      t,
      'SELECT 1;',
      'SELECT 1;',
      `SELECT pg_sleep(0.1);${BREAK}CREATE TABLE three ();`
    )
    const applied = await Promise.all(
      Array.from({ length: 5 }, () => withClient((client) => migrate(client, folder)))
    )
    t.same(applied.sort(), [0, 0, 0, 0, 1])
    t.equal(await exists('three'), true)
  })
})
