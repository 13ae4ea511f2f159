import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { storageOf } from '#testing/app.ts'
import { runCli as run, startCli as start } from '#testing/cli-process.ts'
import { makeFolder } from '#testing/folder.ts'
import { ROOT } from '#testing/sources.ts'
import { until } from '#testing/until.ts'

/** Damaged, foreign and incomplete backups, and databases that are not empty. */

const SEED = join(ROOT, 'apps', 'testing', 'fixtures', 'seed-csv')

t.test('refuses a damaged or foreign backup, and changes nothing', async (t) => {
  const folder = await makeFolder(t)
  const good = join(folder, 'good')
  const storage = await storageOf(t, 'alone')
  t.match(await run(storage, 'import', SEED), { code: 0 })
  t.match(await run(storage, 'backup', good), { code: 0 })
  const manifest = JSON.parse(await readFile(join(good, 'manifest.json'), 'utf8'))
  const target = await storageOf(t, 'alone')

  async function refuse(spoil: (copy: string) => Promise<unknown>, err: RegExp): Promise<void> {
    const copy = join(folder, 'copy')
    await cp(good, copy, { recursive: true })
    await spoil(copy)
    t.match(await run(target, 'restore', copy), { code: 1, err }, err.source)
    await rm(copy, { recursive: true })
  }
  const rewrite = (change: object) => (copy: string) =>
    writeFile(join(copy, 'manifest.json'), JSON.stringify({ ...manifest, ...change }))

  await refuse(
    (copy) => rm(join(copy, 'manifest.json')),
    /^.*copy is no finished backup: ENOENT.* Use another one\.\n$/
  )
  await refuse(
    (copy) => rm(join(copy, 'users.copy')),
    /^.*copy is damaged: users\.copy is missing\. Use another backup\.\n$/
  )
  await refuse((copy) => writeFile(join(copy, 'urls.copy'), 'short'), /urls\.copy has 5 bytes, not \d+/)
  await refuse(async (copy) => {
    const bytes = await readFile(join(copy, 'users.copy'))
    const at = bytes.lastIndexOf('@')
    bytes[at + 1] = (bytes[at + 1] ?? 0) ^ 1
    await writeFile(join(copy, 'users.copy'), bytes)
  }, /^.*copy is damaged: users\.copy is not what was written\. Use another backup\.\n$/)
  await refuse(rewrite({ format: 2 }), /was made by a newer Fairlead/)
  await refuse(rewrite({ sequences: undefined }), /manifest\.json is not what was written/)
  const newer = { hash: 'f'.repeat(64), created_at: `${Number(manifest.revision.created_at) + 1}` }
  await refuse(
    rewrite({ revision: newer }),
    /^It has a schema that this release does not know .* Use the release/
  )
  const [first, ...others] = manifest.tables
  const foreign = { ...first, columns: [...first.columns, 'colour'] }
  await refuse(
    rewrite({ tables: [foreign, ...others] }),
    /^This release has no column colour in the table api_keys\./
  )

  const client = new pg.Client({ connectionString: target['DATABASE_URL'] })
  await client.connect()
  await client.query('BEGIN; LOCK TABLE users IN ROW EXCLUSIVE MODE')
  t.match(await run(target, 'restore', good), {
    code: 1,
    err: /^The database is being written to: stop its servers/
  })
  await client.query('ROLLBACK')
  await client.end()
  t.match(await run(target, 'restore', good), { code: 0, err: '' }, 'it is empty still')
})

t.test('an interrupted backup leaves nothing that looks complete', async (t) => {
  const folder = await makeFolder(t)
  const storage = await storageOf(t, 'alone')
  const client = new pg.Client({ connectionString: storage['DATABASE_URL'] })
  await client.connect()
  t.teardown(() => client.end())
  // The backup reads these rows late, when the files before them exist.
  await client.query('BEGIN; LOCK TABLE urls')
  const draftIn = async () => (await readdir(folder)).find((name) => name.includes('unfinished'))
  const begin = async () => {
    const { child, ended } = start(storage, 'backup', join(folder, 'set'))
    await until(async () => existsSync(join(folder, (await draftIn()) ?? 'none', 'urls.copy')))
    return { child, ended }
  }
  const stopped = await begin()
  stopped.child.kill('SIGINT')
  t.match(await stopped.ended, { code: 130, err: 'Stopped. Nothing was kept.\n' })
  t.same(await readdir(folder), [])

  const killed = await begin()
  killed.child.kill('SIGKILL')
  await once(killed.child, 'close')
  const [draft = ''] = await readdir(folder)
  t.match(draft, /^\.set\.unfinished-\d+$/)
  t.match(await run(storage, 'restore', join(folder, draft)), { code: 1, err: /is no finished backup/ })
  await client.query('ROLLBACK')
  t.match(await run(storage, 'backup', join(folder, 'set')), { code: 0 })
})
