import { existsSync, readFileSync } from 'node:fs'
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  truncate,
  writeFile
} from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readPostmaster } from '#platform/database/bundled-cluster.ts'
import { storageOf } from '#testing/app.ts'
import { makeFolder } from '#testing/folder.ts'
import { type ListeningServer, spawnServer, startServer } from '#testing/process.ts'
import { until } from '#testing/until.ts'

/** The bundled PostgreSQL as a child process of a server: its users, its refusals and its end. */

const DONE = { code: 0, signal: null }
const FAILED = { code: 1, signal: null }

const isRoot = process.getuid?.() === 0
const needsRoot = { skip: process.platform !== 'linux' || !isRoot ? 'Linux and root are needed' : false }

/** Makes root a plain user that still owns root's files. */
const AS_USER = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--']

async function folderOf(t: Test, name = ''): Promise<string> {
  const { DATA_DIR = '' } = await storageOf(t, 'own')
  return join(DATA_DIR, name)
}

/** Returns the process of the PostgreSQL that serves `dataDir`, when there is one. */
function postmasterOf(dataDir: string): Promise<number> {
  const read = async () => (await readPostmaster(dataDir))?.pid ?? 0
  return until(read, (pid) => pid > 0 && isAlive(pid))
}

/** True if a process runs. False for an ended process that its parent has not collected yet. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

async function untilGone(pid: number): Promise<void> {
  await until(() => !isAlive(pid))
}

/** Returns the processes that `pid` started. */
async function childrenOf(pid: number | undefined): Promise<number[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(/\s+/).map(Number)
}

/** Creates a link and follows it. Returns its id. */
async function use({ request }: ListeningServer): Promise<number> {
  const made = await request('POST', '/urls', { json: { original_url: 'https://example.com' } })
  const followed = await request('GET', `/${made.json.short_code}`)
  if (followed.status !== 302) throw new Error(`${made.status} ${followed.status}: ${made.text}`)
  return made.json.id
}

/** Starts a server that must refuse. Returns its output. */
async function refusal(t: Test, env: Record<string, string>, wrapper: string[] = []): Promise<string> {
  const server = spawnServer(t, env, { wrapper })
  t.same(await server.exited, FAILED)
  t.notMatch(server.output(), /\n\s+at /, 'no stack')
  return server.output()
}

t.test('stops cleanly with the server, and its folder opens again', async (t) => {
  const dataDir = await folderOf(t, 'späce and ünicode')
  const first = await startServer(t, { DATA_DIR: dataDir })
  const id = await use(first)
  const pid = await postmasterOf(dataDir)
  t.same(await first.end(), DONE)
  t.equal(isAlive(pid), false)
  const second = await startServer(t, { DATA_DIR: dataDir })
  t.equal((await second.request('GET', `/urls/${id}`)).status, 200)
  t.same(await second.end(), DONE)
})

t.test('ends when the server is killed', async (t) => {
  const dataDir = await folderOf(t)
  const server = await startServer(t, { DATA_DIR: dataDir })
  const id = await use(server)
  const pid = await postmasterOf(dataDir)
  const sockets = await readlink(join(dataDir, 'postgresql.socket'))
  await server.end('SIGKILL')
  await untilGone(pid)
  const next = await startServer(t, { DATA_DIR: dataDir })
  t.equal((await next.request('GET', `/urls/${id}`)).status, 200)
  t.equal(existsSync(sockets), false, 'the folder of its socket is removed')
})

t.test('is stopped by the next server if it outlived its own', needsRoot, async (t) => {
  const dataDir = await folderOf(t, 'data')
  const otherName = await folderOf(t, 'link')
  await symlink(dataDir, otherName)
  await mkdir(dataDir)
  const server = await startServer(t, { DATA_DIR: otherName })
  const id = await use(server)
  const pid = await postmasterOf(dataDir)
  // Without the watcher, no process ends it either.
  const others = (await childrenOf(server.child.pid)).filter((child) => child !== pid)
  server.child.kill('SIGSTOP')
  for (const other of others) process.kill(other, 'SIGKILL')
  await server.end('SIGKILL')
  t.equal(isAlive(pid), true)
  const next = await startServer(t, { DATA_DIR: dataDir })
  t.equal(isAlive(pid), false)
  t.ok(next.lines().some(({ msg }) => msg === 'orphaned PostgreSQL stopped'))
  t.equal((await next.request('GET', `/urls/${id}`)).status, 200)
})

t.test('a process that reuses the PID of a dead postmaster is not killed', async (t) => {
  const dataDir = await folderOf(t)
  const server = await startServer(t, { DATA_DIR: dataDir })
  const file = join(dataDir, 'postgresql', 'postmaster.pid')
  const text = await readFile(file, 'utf8')
  t.same(await server.end(), DONE)
  await writeFile(file, text.replace(/^\d+/, `${process.pid}`), { mode: 0o600 })
  const { uid, gid } = await stat(join(dataDir, 'postgresql'))
  if (isRoot) await chown(file, uid, gid)
  const next = await startServer(t, { DATA_DIR: dataDir })
  t.same(await next.end(), DONE)
})

t.test('restarts if only it is killed', async (t) => {
  const dataDir = await folderOf(t)
  const server = await startServer(t, { DATA_DIR: dataDir })
  const id = await use(server)
  for (let round = 0; round < 3; round++) {
    const pid = await postmasterOf(dataDir)
    process.kill(pid, 'SIGKILL')
    await untilGone(pid)
    const read = async () => (await server.request('GET', `/urls/${id}`)).status
    t.equal(await until(read, (status) => status !== 503), 200)
  }
  t.same(await server.end(), DONE)
})

t.test('a start that is killed while it creates the database does not block the next', async (t) => {
  const dataDir = await folderOf(t)
  const server = spawnServer(t, { DATA_DIR: dataDir })
  await server.logged(/^creating the database/)
  await until(async () => (await readdir(dataDir)).some((name) => name.startsWith('postgresql.new-')))
  await server.end('SIGTERM')
  const next = await startServer(t, { DATA_DIR: dataDir })
  t.notOk((await readdir(dataDir)).some((name) => name.startsWith('postgresql.new-')))
  await use(next)
  t.same(await next.end(), DONE)
})

t.test('runs as a plain user', needsRoot, async (t) => {
  const server = await startServer(t, { DATA_DIR: await folderOf(t) }, { wrapper: AS_USER })
  await use(server)
  t.same(await server.end(), DONE)
})

t.test(
  'runs as root if user namespaces are forbidden, even on a folder created with one',
  needsRoot,
  async (t) => {
    const programs = await makeFolder(t)
    await writeFile(join(programs, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    // biome-ignore lint/style/noProcessEnv: programs are where the system's PATH says
    const without = { PATH: `${programs}:${process.env['PATH']}` }
    // Only root may enter this folder.
    const home = await folderOf(t, 'home')
    await mkdir(home, { mode: 0o700 })
    const dataDir = join(home, 'data')
    const ids: number[] = []
    for (const env of [without, {}, without]) {
      const server = await startServer(t, { DATA_DIR: dataDir, ...env })
      ids.push(await use(server))
      t.equal((await server.request('GET', '/urls')).json.length, ids.length)
      t.same(await server.end(), DONE)
    }
    await writeFile(join(programs, 'setpriv'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    t.match(
      await refusal(t, { DATA_DIR: dataDir, ...without }),
      /does not run as root.*another user.*DATABASE_URL/
    )
  }
)

t.test('runs as root in a folder of another user', needsRoot, async (t) => {
  const theirs = await folderOf(t, 'theirs')
  await mkdir(theirs, { mode: 0o700 })
  await chown(theirs, 12_345, 12_345)
  const server = await startServer(t, { DATA_DIR: join(theirs, 'data') })
  await use(server)
  t.same(await server.end(), DONE)
})

t.test('is stopped cleanly if the start fails later', async (t) => {
  const dataDir = await folderOf(t)
  const env = { DATA_DIR: dataDir, BLOCKED_HOSTS_FILE: join(dataDir, 'missing') }
  t.match(await refusal(t, env), /missing/)
  t.equal(await readPostmaster(dataDir), null)
  t.equal(existsSync(join(dataDir, 'postgresql', 'PG_VERSION')), true)
})

t.test('runs without /dev/shm, and with a long TMPDIR and DATA_DIR', needsRoot, async (t) => {
  const long = join(await folderOf(t), 't'.repeat(102))
  await mkdir(long)
  const withoutShm = [
    'unshare',
    '--mount',
    'sh',
    '-c',
    'mount -t tmpfs -o ro none /dev/shm && exec "$@"',
    'sh'
  ]
  const env = { DATA_DIR: join(long, 'data'), TMPDIR: long }
  const server = await startServer(t, env, { wrapper: withoutShm })
  await use(server)
  t.same(await server.end(), DONE)
})

t.test('refuses a folder that it cannot use, and says what to do', async (t) => {
  t.test('a PGlite database', async (t) => {
    const dataDir = await folderOf(t)
    await mkdir(join(dataDir, 'postgres'))
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n')
    t.match(await refusal(t, { DATA_DIR: dataDir }), /PGlite.*cli -- export.*DATA_DIR.*cli -- import/s)
  })

  t.test('a cluster of another major version', async (t) => {
    const dataDir = await folderOf(t)
    await mkdir(join(dataDir, 'postgresql'))
    await writeFile(join(dataDir, 'postgresql', 'PG_VERSION'), '16\n')
    t.match(await refusal(t, { DATA_DIR: dataDir }), /PostgreSQL 16.*cli -- backup.*cli -- restore/s)
  })

  t.test('a damaged folder', async (t) => {
    const dataDir = await folderOf(t)
    t.same(await (await startServer(t, { DATA_DIR: dataDir })).end(), DONE)
    await truncate(join(dataDir, 'postgresql', 'global', 'pg_control'), 100)
    t.match(await refusal(t, { DATA_DIR: dataDir }), /does not start.*pg_control.*restore a backup/s)
  })

  t.test('a read-only folder', needsRoot, async (t) => {
    const dataDir = await folderOf(t, 'sealed')
    await mkdir(dataDir)
    await chmod(dataDir, 0o500)
    t.match(
      await refusal(t, { DATA_DIR: dataDir }, AS_USER),
      /sealed is read-only, or belongs to another user/
    )
  })

  t.test('a folder of another user', needsRoot, async (t) => {
    const dataDir = await folderOf(t, 'theirs')
    await mkdir(dataDir, { mode: 0o700 })
    await chown(dataDir, 12_345, 12_345)
    t.match(
      await refusal(t, { DATA_DIR: dataDir }, AS_USER),
      /theirs is read-only, or belongs to another user/
    )
  })
})
