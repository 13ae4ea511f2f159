import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { installedProfiles, startApp } from '#testing/app.ts'
import { migrate } from './migrations.ts'

/**
 * Makes a folder as drizzle-kit writes it, with one file for each of `steps`, newer than all real migrations.
 */
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

installedProfiles(t, async (t, profile) => {
  const { app } = await startApp(t, { profile })
  const { pool, withClient } = app.database
  const exists = async (table: string) =>
    (await pool.query('SELECT to_regclass($1) IS NOT NULL AS is', [table])).rows[0].is as boolean

  t.test('a failed migration leaves nothing behind, not even its earlier steps', async (t) => {
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

  t.test('migrations that start together run one after the other', async (t) => {
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

t.test('beside a transaction that stays open', async (t) => {
  const { app, request } = await startApp(t)
  const { pool, withClient } = app.database
  const link = { original_url: 'https://example.com', short_code: 'cold' }
  t.equal((await request('POST', '/urls', { json: link })).status, 201)
  const holder = await pool.connect()
  t.teardown(() => holder.release())
  const hold = async () => {
    await holder.query('BEGIN')
    await holder.query('SELECT FROM urls')
  }
  const step = 'ALTER TABLE urls ADD COLUMN added text;'

  t.test('a migration lets queued requests pass, and completes once it gets the lock', async (t) => {
    await hold()
    const folder = await writeMigrations(t, step)
    const blocked: string[] = []
    const migration = withClient((client) =>
      migrate(client, folder, { pauseMs: 50, onBlocked: (why) => blocked.push(why) })
    )
    const count = "SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND relation = 'urls'::regclass"
    while ((await pool.query(count)).rows[0].n === 0);
    // Readers of the table queue behind the migration. Only its lock timeout lets them continue.
    t.match((await request('GET', '/urls?short_code=cold')).json, [{ short_code: 'cold' }])
    while (blocked.length === 0) await request('GET', '/urls')
    t.match(blocked[0], /idle in transaction, open for 00:00:\d\d/)
    await holder.query('COMMIT')
    t.equal(await migration, 1)
    await pool.query('SELECT added FROM urls')
  })

  t.test('a migration that gets no lock gives up, changes nothing and reports what to do', async (t) => {
    await hold()
    const folder = await writeMigrations(t, step, 'CREATE TABLE four ();', 'DROP TABLE urls;')
    const patience = { lockTimeoutMs: 20, tries: 3, pauseMs: 1 }
    const { pid } = (await holder.query('SELECT pg_backend_pid() AS pid')).rows[0]
    await t.rejects(
      withClient((client) => migrate(client, folder, patience)),
      {
        name: 'MigrationBlocked',
        message: new RegExp(`3 tries, and nothing was changed: .*process ${pid},.*pg_terminate_backend`)
      }
    )
    t.match((await pool.query("SELECT to_regclass('four') AS four")).rows, [{ four: null }])
    await holder.query('COMMIT')
  })

  t.test('a migration and the wait for it may take longer than statement timeouts', async (t) => {
    const folder = await writeMigrations(t, step, 'CREATE TABLE five ();', 'SELECT pg_sleep(0.2);')
    const hasty = async () => {
      const client = new pg.Client({ ...pool.options, query_timeout: 100 })
      await client.connect()
      return migrate(client, folder).finally(() => client.end())
    }
    t.same((await Promise.all([hasty(), hasty()])).sort(), [0, 2])
  })
})
