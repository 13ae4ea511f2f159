import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { storageOf } from '#testing/app.ts'
import { startServer } from '#testing/process.ts'
import { openPrivateFolder } from './private-folder.ts'

/** Only this user can access files of the data folder, whatever the folder's mode and the umask were. */

/** Paths below `folder` that other users may access if they may enter it. */
async function openPaths(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = found
    .filter((one) => one.isFile() || one.isDirectory())
    .map((one) => join(one.parentPath, one.name))
  const modes = await Promise.all(
    paths.map(async (path) => ({ path, mode: (await stat(path)).mode & 0o077 }))
  )
  return modes.filter(({ mode }) => mode > 0).map(({ path }) => path)
}

t.test('nothing that a server keeps is open to others', async (t) => {
  const { DATA_DIR = '' } = await storageOf(t, 'own')
  const inEverybodys = { wrapper: ['sh', '-c', 'umask 000; exec "$@"', 'sh'] }
  await chmod(DATA_DIR, 0o777)
  const first = await startServer(t, { DATA_DIR }, inEverybodys)
  const { json } = await first.request('POST', '/urls', { json: { original_url: 'https://example.com' } })
  t.equal((await first.request('GET', `/${json.short_code}`)).status, 302)
  t.same(await openPaths(DATA_DIR), [])
  t.equal((await stat(DATA_DIR)).mode & 0o777, 0o700)
  await first.end()

  // A restored copy may have such modes.
  await chmod(DATA_DIR, 0o777)
  for (const name of await readdir(DATA_DIR, { recursive: true }))
    await chmod(join(DATA_DIR, name), 0o777).catch(() => undefined)
  const second = await startServer(t, { DATA_DIR }, inEverybodys)
  t.equal((await second.request('GET', `/${json.short_code}`)).status, 302)
  t.same(await openPaths(DATA_DIR), [])
  t.match(second.lines(), [{ msg: 'files closed to other users' }])
  t.same(await second.end(), { code: 0, signal: null })
})

t.test('files of other programs keep their modes', async (t) => {
  const folder = t.testdir({ 'notes.txt': 'theirs' })
  const warnings: string[] = []
  const log = { warn: (_details: object, message: string) => void warnings.push(message) }
  await mkdir(join(folder, 'clicks'))
  await writeFile(join(folder, 'clicks', 'dead-letters.ndjson'), '')
  for (const [name, mode] of [
    ['notes.txt', 0o644],
    ['clicks', 0o755],
    ['clicks/dead-letters.ndjson', 0o666]
  ] as const)
    await chmod(join(folder, name), mode)
  const modes = async () =>
    Promise.all(
      ['.', 'notes.txt', 'clicks', 'clicks/dead-letters.ndjson'].map(
        async (name) => (await stat(join(folder, name))).mode & 0o777
      )
    )
  for (const [mode, warned] of [
    [0o755, 1],
    [0o1777, 1],
    [0o777, 2]
  ] as const) {
    await chmod(folder, mode)
    await openPrivateFolder(folder, log)
    t.same(await modes(), [mode & 0o777, 0o644, 0o700, 0o600])
    t.equal(warnings.length, warned, String(warnings.at(-1)))
  }
  t.match(warnings, [/closed to other users/, /writable by other users/])
})
