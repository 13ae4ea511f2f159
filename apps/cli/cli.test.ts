import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { profiles, startApp, storageOf } from '#testing/app.ts'
import { runCli as run, startCli as start } from '#testing/cli-process.ts'
import { makeFolder } from '#testing/folder.ts'
import { listen } from '#testing/listen.ts'
import { ROOT } from '#testing/sources.ts'

/** The command line as a process: its output, files and exit codes. */

const SEED = join(ROOT, 'apps', 'testing', 'fixtures', 'seed-csv')
const FILES = ['users.csv', 'urls.csv', 'events.csv']

t.test('creates a key and imports through the server with it', async (t) => {
  const env = await storageOf(t, 'own')
  const made = await run(env, 'keys', 'create', 'laptop')
  t.match(made, { code: 0, out: /^fl_[0-9a-f]{16}_[\w-]{43}\n$/, err: /\(admin\)/ })
  const key = made.out.trim()
  const { url, close } = await startApp(t, { storage: env, env: { AUTH: 'keys' } })
  t.match(await run({}, 'import', SEED, '--url', url), {
    code: 1,
    err: /^users\.csv: The server answered 401: .+\n$/
  })
  t.match(await run({ FAIRLEAD_KEY: key }, 'import', SEED, '--url', url), { code: 0, err: '' })
  t.match(await run(env, 'keys', 'list'), { code: 0, out: /"laptop"/ }, 'beside the server')
  t.match(await run(env, 'keys', 'create', '🔑'.repeat(100)), { code: 0, out: /^fl_/ })
  t.match(await run(env, 'keys', 'revoke', key.slice(3, 19)), { code: 1, err: /in use[\s\S]*--url http/ })
  await close()
  t.match(await run(env, 'keys', 'revoke', key.slice(3, 19)), { code: 0 })
  t.match(await run(env, 'keys', 'list'), { out: /[0-9a-f]{16} {2}admin {2}"laptop" .*revoked \d{4}-.*\n$/ })
})

profiles(t, async (t, profile) => {
  t.test('imports a set in order, changes nothing the second time, and exports the same bytes', async (t) => {
    const env = await storageOf(t, profile)
    const folder = await makeFolder(t)
    const first = await run(env, 'import', SEED)
    t.match(first, { code: 0, err: '' })
    t.match(
      first.out,
      /^users\.csv: 400 rows: 400 imported, 0 already there, 0 rejected\n( {2}line .*kept as a twin\n)+urls\.csv: 2,000 rows: 2,000 imported.*\nevents\.csv: 3,422 rows: 3,422 imported/
    )
    const second = await run(env, 'import', SEED)
    t.match(second, { code: 0, err: '' })
    t.match(
      second.out,
      /^users\.csv: 400 rows: 0 imported, 400 already there, 0 rejected\nurls\.csv: 2,000 rows: 0 imp/
    )
    const target = join(folder, 'new', 'set')
    t.match(await run(env, 'export', target), {
      code: 0,
      err: '',
      out: /^users\.csv: [\d,]+ bytes\nurls\.csv: [\d,]+ bytes\nevents\.csv: [\d,]+ bytes\n$/
    })
    t.strictSame((await readdir(target)).sort(), FILES.toSorted(), 'no draft is left behind')
    for (const name of FILES) {
      t.ok(
        (await readFile(join(target, name))).equals(await readFile(join(SEED, name))),
        `${name} is the same`
      )
    }
    t.match(await run(env, 'export', target, '--for', 'spreadsheet'), { code: 0, err: '' })
    t.match(
      await readFile(join(target, 'users.csv'), 'utf8'),
      /^id,username,email,created_at,spreadsheet_safe\n/
    )
  })

  t.test('lists the rows it rejects, imports the others, and fails', async (t) => {
    const env = await storageOf(t, profile)
    const folder = await makeFolder(t)
    await cp(SEED, folder, { recursive: true })
    await writeFile(
      join(folder, 'users.csv'),
      'id,username,email,created_at\n1,a,a@example.com,2025-01-01 00:00:00\nx,b\u001b[2J,b@example.com,soon\n'
    )
    const result = await run(env, 'import', folder)
    t.equal(result.code, 1)
    t.match(
      result.out,
      /users\.csv: 2 rows: 1 imported, 0 already there, 1 rejected\n {2}line 3 rejected: id is not an id/
    )
    t.match(result.out, /urls\.csv: 2,000 rows: 2,000 imported/)
    t.match(result.out, /1 row was rejected: .*; the others are in\.\n$/)
    t.notMatch(result.out, '\u001b', 'nothing of the file steers the terminal')
  })
})

t.test(
  'rows whose ids are taken are skipped, renumbered or refused, with a server and without',
  async (t) => {
    const folder = await makeFolder(t)
    const files = {
      users: 'username,email,id\nada,ada@example.com,1\n',
      urls: 'id,user_id,short_code,original_url\n1,1,ada,https://example.com/ada\n',
      events: 'id,url_id,user_id,event_type,timestamp\n1,1,1,seen,2025-06-04 00:07:00\n'
    }
    for (const [kind, text] of Object.entries(files)) await writeFile(join(folder, `${kind}.csv`), text)
    for (const isRemote of [false, true]) {
      const env = await storageOf(t, 'own')
      const prepare = await startApp(t, { storage: env })
      await prepare.request('POST', '/users', { json: { username: 'first', email: 'first@example.com' } })
      await prepare.request('POST', '/urls', { json: { original_url: 'https://example.com', user_id: 1 } })
      if (!isRemote) await prepare.close()
      const load = (...choice: string[]) =>
        isRemote
          ? run({}, 'import', folder, ...choice, '--url', prepare.url)
          : run(env, 'import', folder, ...choice)
      t.match(await load('--on-conflict', 'fail'), { code: 1, err: /^users\.csv: .*id 1 is taken.*\n$/ })
      const skipped = await load()
      t.match(skipped, { code: 0, err: '' })
      t.match(skipped.out, /^users\.csv: 1 rows: 0 imported, 0 already there, 0 rejected, 1 left out: /)
      t.match(skipped.out, /id 1 is taken by a different url[\s\S]*--on-conflict renumber gives/)
      const renumbered = await load('--on-conflict=renumber')
      t.match(renumbered, { code: 0, err: '' })
      t.match(
        renumbered.out,
        /^users\.csv: 1 rows: 1 imported, 0 already there, 0 rejected, 1 under new ids\n/
      )
      const again = await load('--on-conflict=renumber')
      t.match(again.out, /^(\w+\.csv: 1 rows: 0 imported, 1 already there, 0 rejected\n){3}$/)
      const { request } = isRemote ? prepare : await startApp(t, { storage: env })
      const [, user] = (await request('GET', '/users')).json
      const [, url] = (await request('GET', '/urls')).json
      t.match([user, url], [{ username: 'ada' }, { short_code: 'ada', user_id: user.id }])
      t.match((await request('GET', '/events?event_type=seen')).json, [{ url_id: url.id, user_id: user.id }])
    }
  }
)

t.test('imports through a running server if it has locked the folder', async (t) => {
  const { url, config, request } = await startApp(t, { profile: 'own' })
  const env = { DATA_DIR: config.database.dataDir }
  const direct = await run(env, 'import', SEED)
  t.equal(direct.code, 1)
  t.match(direct.err, /in use by another Fairlead process[\s\S]*--url http/)
  t.match(await run({}, 'import', SEED, '--url', `${url}/`), {
    code: 0,
    out: /events\.csv: 3,422 rows: 3,422 imported/
  })
  t.equal((await request('GET', '/urls/2000')).status, 200)
  t.match(await run(env, 'export', await makeFolder(t)), { code: 0, err: '' }, 'an export changes nothing')
  const folder = await makeFolder(t)
  for (const name of FILES) await writeFile(join(folder, name), 'nonsense\n')
  t.match(await run({}, 'import', folder, '--url', url), {
    code: 1,
    err: /^users\.csv: The server answered 422: The header lacks/
  })
})

t.test('wrong usage exits with 2 and names the nearest command or option', async (t) => {
  const wrong: [string[], RegExp][] = [
    [[], /^COMMAND is missing\n/],
    [['imprt', 'a', '--url', 'b'], /^There is no command imprt; did you mean import\?\n/],
    [['kyes', 'list'], /^There is no command kyes; did you mean keys \w+\?\n/],
    [['keys', 'lst'], /^There is no command keys lst; did you mean keys list\?\n/],
    [['toString'], /^There is no command toString; /],
    [['import'], /^DIR is missing\nUsage: npm run cli -- import DIR \[OPTIONS\]\n/],
    [['import', 'a', 'b'], /^b is one word too many\n/],
    [['import', 'a', '--ulr', 'b'], /^There is no option --ulr; did you mean --url\?\n/],
    [['import', 'a', '--on-conflict', 'merge'], /^There is no value of --on-conflict merge; /],
    [['export', 'a', '--for', 'fun'], /^There is no value of --for fun; there is spreadsheet\n/],
    [['keys', 'create', 'a', '--user', 'x'], /^--user takes a whole number/],
    [['keys', 'create', 'a', '--scopes', 'urls:read,url:write'], /url:write; did you mean urls:write\?/],
    [['keys', 'create', ' '], /^NAME has 1 to 100 characters\n/]
  ]
  for (const [args, err] of wrong) t.match(await run({}, ...args), { code: 2, out: '', err }, args.join(' '))
})

t.test('prints its commands, and the usage of each', async (t) => {
  const out = /^Usage: npm run cli -- COMMAND\n[\s\S]*import {2,}Loads/
  for (const ask of ['help', '--help', '-h']) t.match(await run({}, ask), { code: 0, err: '', out }, ask)
  const ofCreate = /^Usage: npm run cli -- keys create NAME \[OPTIONS\]\n[\s\S]*--role ROLE .*\(admin, member/
  t.match(await run({}, 'keys', 'create', '--help'), { code: 0, err: '', out: ofCreate })
  t.match(await run({}, 'help', 'keys', 'create'), { code: 0, err: '', out: ofCreate })
})

t.test('errors that the user can correct are one line', async (t) => {
  const folder = await makeFolder(t)
  await cp(join(SEED, 'users.csv'), join(folder, 'users.csv'))
  await mkdir(join(folder, 'urls.csv'))
  t.match(await run({}, 'import', folder), {
    code: 1,
    err: /has no urls\.csv, events\.csv; nothing was imported\n$/
  })
  t.match(await run({}, 'export', join(folder, 'users.csv')), { code: 1, err: /can not be made/ })
  t.match(await run({}, 'import', SEED, '--url', 'nowhere'), {
    code: 1,
    err: /is not an http or https URL\n$/
  })
  t.match(await run({}, 'import', SEED, '--url', 'http://127.0.0.1:1'), {
    code: 1,
    err: /can not be reached/
  })
  t.match(await run({ PORT: 'x' }, 'export', folder), { code: 1, err: /PORT/ })
})

t.test('stops at Ctrl+C and says how to continue', async (t) => {
  // A server that accepts the file and never answers.
  const server = createServer((socket) => socket.resume())
  const { child, ended } = start({}, 'import', SEED, '--url', `http://${await listen(t, server)}`)
  await once(server, 'connection')
  child.kill('SIGINT')
  t.match(await ended, { code: 130, err: /^Stopped\. .*run the command again/ })
})
