import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { makeFolder } from '#testing/folder.ts'
import { findCommand, missing } from '#testing/programs.ts'
import { query } from '#testing/query.ts'
import { findUser } from '#testing/server-process.ts'
import { startPostgres } from '#testing/servers.ts'
import { until } from '#testing/until.ts'
import { runDrill } from './drill.ts'
import {
  type BackupTools,
  compareTables,
  installTools,
  libpqOf,
  listBackups,
  pathOfPrograms,
  readTables
} from './tools.ts'

/** The operators' scripts restore everything, and refuse whatever would lose data. */

const skip = missing('postgres') || missing('pg_basebackup') || missing('pg_verifybackup')
const SEGMENT = '000000010000000000000002'

async function install(t: Test): Promise<BackupTools & { folder: string }> {
  const user = await findUser('postgres', 'nobody')
  const folder = await makeFolder(t, user)
  return { ...(await installTools(folder, user)), folder }
}

t.test('the drill brings a noted moment and a dump back, row by row', { skip }, async (t) => {
  const steps: string[] = []
  const report = await runDrill((step) => steps.push(step))
  t.comment(steps.join('\n'))
  t.same(report.differences, [])
  t.same(report.dump.differences, [])
  const rows = new Map(report.tables.map(({ name, rows }) => [name, rows]))
  // The seed set, the link created after the base backup, its `created` event and its click.
  t.match(Object.fromEntries(rows), { users: 400, urls: 2001, events: 3424 })
  t.equal(report.dump.tables.find(({ name }) => name === 'urls')?.rows, 2000, 'the dump is from before')
  t.match(report.followed, 'made-after-the-base-backup')
  t.equal(report.created, 201)
})

t.test(
  'keeps the configured number of backups with the WAL that they need, and writes metrics',
  { skip },
  async (t) => {
    const tools = await install(t)
    const { url } = await startPostgres(t, { installed: true, settings: tools.archiving })
    await query(url, 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n')
    const env = { ...libpqOf(url), BACKUP_KEEP_BASES: '1', BACKUP_KEEP_DUMPS: '1' }
    const first = tools.run('base.sh', [], env)
    tools.run('dump.sh', [], env)
    const start = await readFile(join(first, 'start-wal'), 'utf8')
    const second = tools.run('base.sh', [], env)
    tools.run('dump.sh', [], env)
    t.not(second, first)
    t.same(
      (await listBackups(tools, 'bases')).map((name) => join(tools.backups, 'bases', name)),
      [second]
    )
    t.equal((await listBackups(tools, 'dumps')).length, 1)
    t.notOk((await listBackups(tools, 'wal')).includes(`${start.trim()}.gz`), 'older WAL is gone')
    const age =
      Date.now() / 1_000 - Number(/_seconds\{kind="dump"\} (\d+)/.exec(await metrics(tools, 'dump'))?.[1])
    t.ok(age >= -1 && age < 60, `${age} s ago`)
    t.match(await metrics(tools, 'base'), /fairlead_backup_last_bytes\{kind="base"\} \d{4,}/)
    t.throws(() => tools.run('restore-dump.sh', [], libpqOf(url)), /has 1 tables: nothing is restored over/)
    t.throws(
      () => tools.run('restore-base.sh', [join(tools.folder, 'data'), '--time', '2020-01-01 00:00+00']),
      /no base backup/
    )

    const other = await install(t)
    other.run('base.sh', [], libpqOf(url))
    t.equal((await listBackups(other, 'bases')).length, 1, 'also where the archive is elsewhere')

    await t.test('each night where there is no cron, and is unhealthy when one is overdue', async (t) => {
      for (const kind of ['dumps', 'bases']) await rm(join(tools.backups, kind), { recursive: true })
      t.throws(() => tools.run('nightly.sh', ['check'], env), /the last dump is more than 26 hours old/)
      const nightly = tools.start('nightly.sh', env)
      const ended = once(nightly, 'exit')
      t.teardown(() => nightly.kill('SIGKILL'))
      await until(async () =>
        (await listBackups(tools, 'bases').catch(() => [])).some((name) => !name.startsWith('.'))
      )
      tools.run('nightly.sh', ['check'], env)
      nightly.kill('SIGTERM')
      t.same(await ended, [0, null], 'it ends on SIGTERM')
      const [dump = ''] = await listBackups(tools, 'dumps')
      const before = new Date(Date.now() - 27 * 3_600_000).toISOString().replace(/[-:]|\.\d+/g, '')
      await rename(join(tools.backups, 'dumps', dump), join(tools.backups, 'dumps', before))
      t.throws(() => tools.run('nightly.sh', ['check'], env), /the last dump is more than 26 hours old/)
      t.throws(() => tools.run('nightly.sh', [], { ...env, BACKUP_AT: '2 am' }), /BACKUP_AT is 2 am/)
    })
  }
)

t.test('the nightly backups stop on a signal at any step', { skip }, async (t) => {
  const tools = await install(t)
  const asked = join(tools.backups, 'asked')
  const programs = join(tools.folder, 'programs')
  await mkdir(programs)
  const write = (path: string, text: string) => writeFile(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  for (const kind of ['dump', 'base'])
    await write(join(tools.folder, 'tools', `${kind}.sh`), `touch ${asked}`)

  async function endAfter(ms: number, env: Record<string, string> = {}): Promise<unknown> {
    await rm(asked, { force: true })
    const nightly = tools.start('nightly.sh', { BACKUP_BASES: 'off', ...env })
    t.teardown(() => nightly.kill('SIGKILL'))
    const ended = once(nightly, 'exit')
    await until(() => existsSync(asked))
    await wait(ms)
    nightly.kill('SIGTERM')
    return ended
  }

  // From the end of a backup, through the check of the clock, into the wait for the night.
  for (let at = 0; at < 60; at++) t.same(await endAfter(at / 3), [0, null])
  // The signal arrives during the check for due backups, before any backup starts.
  await write(join(programs, 'date'), `touch ${asked}; sleep 0.3; exec ${findCommand('date')} "$@"`)
  t.same(await endAfter(0, { PATH: [programs, pathOfPrograms()].join(delimiter) }), [0, null])
})

async function metrics({ metrics }: BackupTools, kind: string): Promise<string> {
  return readFile(join(metrics, `fairlead_backup_${kind}.prom`), 'utf8')
}

t.test('says what is wrong with its settings before it does anything', { skip }, async (t) => {
  const tools = await install(t)
  const bad: [Record<string, string>, RegExp][] = [
    [{ BACKUP_DIR: '' }, /dump\.sh: BACKUP_DIR is not set/],
    [{ BACKUP_DIR: 'here' }, /BACKUP_DIR is here: it must be an absolute path/],
    [{ BACKUP_DIR: '/no/such/folder' }, /BACKUP_DIR is \/no\/such\/folder: no folder/],
    [{ BACKUP_KEEP_DUMPS: '0' }, /BACKUP_KEEP_DUMPS is 0: it must be a number/],
    [{ BACKUP_METRICS_DIR: '/no/such' }, /BACKUP_METRICS_DIR is \/no\/such/],
    [{ PGPASSWORD_FILE: '/no/such' }, /PGPASSWORD_FILE is \/no\/such: it can not be read/],
    [{ PGHOST: '127.0.0.1', PGPORT: '1' }, /connection to server at "127.0.0.1", port 1 failed/]
  ]
  for (const [env, message] of bad) t.throws(() => tools.run('dump.sh', [], env), message)
  t.same(await listBackups(tools, 'dumps'), [], 'a failed dump leaves nothing behind')
})

t.test('restores nothing over what is there, and nothing that is damaged', { skip }, async (t) => {
  const tools = await install(t)
  t.throws(() => tools.run('restore-base.sh', []), /usage/)
  t.throws(() => tools.run('restore-base.sh', [tools.folder]), /is not empty/)
  const data = join(tools.folder, 'data')
  t.throws(() => tools.run('restore-base.sh', [data]), /no base backup was finished before now/)
  t.throws(() => tools.run('restore-base.sh', [data, '--time', 'noon-ish']), /--time is noon-ish/)
  const dump = join(tools.backups, 'dumps', '20260101T000000Z')
  await mkdir(dump, { recursive: true })
  await writeFile(join(dump, 'fairlead.dump'), 'PGDMP')
  t.throws(() => tools.run('restore-dump.sh'), /no SHA256SUMS/)
  await writeFile(join(dump, 'SHA256SUMS'), `${'0'.repeat(64)}  ./fairlead.dump\n`)
  t.throws(() => tools.run('restore-dump.sh'), /fairlead\.dump: FAILED[\s\S]*is damaged: take another backup/)
})

t.test(
  'an archived segment is never written over, and a damaged one stops the restore',
  { skip },
  async (t) => {
    const tools = await install(t)
    const [segment, other, back] = ['segment', 'other', 'back'].map((name) => join(tools.folder, name)) as [
      string,
      string,
      string
    ]
    await writeFile(segment, 'the WAL of one server')
    await writeFile(other, 'the WAL of another one')
    tools.run('archive-wal.sh', [segment, SEGMENT])
    tools.run('archive-wal.sh', [segment, SEGMENT])
    t.throws(() => tools.run('archive-wal.sh', [other, SEGMENT]), /with other contents/)
    t.throws(() => tools.run('archive-wal.sh', [segment, '../SEGMENT']), /is no name of WAL/)
    tools.run('fetch-wal.sh', [SEGMENT, back])
    t.equal(await readFile(back, 'utf8'), 'the WAL of one server')
    const archived = join(tools.backups, 'wal', `${SEGMENT}.gz`)
    const bytes = await readFile(archived)
    await writeFile(archived, bytes.subarray(0, bytes.length - 4))
    t.throws(() => tools.run('fetch-wal.sh', [SEGMENT, back]), /is damaged/)
  }
)

t.test('the comparison of the drill finds every kind of difference', async (t) => {
  const table = (name: string, rows: number, hash: string) => ({ name, rows, hash })
  const before = [table('urls', 2, 'a'), table('users', 1, 'b'), table('events', 3, 'c')]
  t.same(compareTables(before, before), [])
  const after = [table('urls', 2, 'x'), table('users', 0, 'b'), table('junk', 0, '')]
  t.same(compareTables(before, after), [
    'urls has other contents',
    'users has 0 rows instead of 1',
    'events is missing',
    'junk should not be there'
  ])
})

t.test('a table is identified by its rows in any order', { skip }, async (t) => {
  const { url } = await startPostgres(t, { installed: true })
  await query(
    url,
    'CREATE TABLE a AS SELECT generate_series(1, 9) AS n; CREATE TABLE b AS SELECT 10 - n AS n FROM a'
  )
  const [a, b] = await readTables(url)
  t.equal(a?.hash, b?.hash)
  await query(url, 'UPDATE b SET n = 10 WHERE n = 9')
  t.not((await readTables(url))[1]?.hash, a?.hash)
})
