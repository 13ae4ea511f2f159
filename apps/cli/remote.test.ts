import { readdir, readFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { startApp } from '#testing/app.ts'
import { runCli as run } from '#testing/cli-process.ts'
import { makeFolder } from '#testing/folder.ts'
import { listen } from '#testing/listen.ts'
import { ROOT } from '#testing/sources.ts'
import { openRemote } from './remote.ts'

/** The command line through a server (`--url`), and its errors for other servers. */

const ADMIN = `fl_0123456789abcdef_${'a'.repeat(43)}`
const SEED = join(ROOT, 'apps', 'testing', 'fixtures', 'seed-csv')
const FILES = ['events.csv', 'urls.csv', 'users.csv']

const startOther = async (t: Test, answer: RequestListener): Promise<string> =>
  `http://${await listen(t, createServer(answer))}`

t.test('keys and sets work the same with and without a server', async (t) => {
  const { url } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: ADMIN, RATE_LIMIT: 'off' } })
  const env = { FAIRLEAD_KEY: `${ADMIN}\n` }
  const through = (...args: string[]) => run(env, ...args, '--url', url)
  t.match(await run({}, 'keys', 'list', '--url', url), {
    code: 1,
    out: '',
    err: /^The server answered 401: .+\n$/
  })

  const made = await through('keys', 'create', 'laptop', '--role', 'read-only', '--scopes', 'urls:read')
  t.match(made, { code: 0, out: /^fl_[0-9a-f]{16}_[\w-]{43}\n$/, err: /^Key [0-9a-f]{16} \(read-only\)\./ })
  const id = made.out.slice(3, 19)
  t.match(await through('keys', 'list'), {
    code: 0,
    out: new RegExp(`^${id} {2}read-only {2}"laptop"`),
    err: ''
  })
  const rotated = await through('keys', 'rotate', id)
  t.match(rotated, { code: 0, out: new RegExp(`^fl_${id}_`) })
  t.not(rotated.out, made.out)
  t.match(await through('keys', 'revoke', id), { code: 0, out: `Key ${id} is revoked.\n`, err: '' })
  t.match(await through('keys', 'rotate', id), { code: 1, out: '', err: /^The server answered 409: .+\n$/ })
  t.match(await through('keys', 'revoke', '../users/1'), { code: 1, err: /^The server answered 404/ })
  t.match(await through('keys', 'create', 'x', '--expires', 'soon'), {
    code: 1,
    err: /^The server answered 422: .+\n$/
  })

  t.match(await through('import', SEED), { code: 0, err: '', out: /events\.csv: 3,422 rows: 3,422 imported/ })
  const folder = await makeFolder(t)
  t.match(await through('export', folder), { code: 0, err: '', out: /^events\.csv: [\d,]+ bytes\n/ })
  t.same((await readdir(folder)).sort(), FILES)
  for (const name of FILES)
    t.ok((await readFile(join(folder, name))).equals(await readFile(join(SEED, name))), `${name} is the same`)
  t.match(await through('export', folder, '--for', 'spreadsheet'), { code: 0, err: '' })
  t.match(
    await readFile(join(folder, 'users.csv'), 'utf8'),
    /^id,username,email,created_at,spreadsheet_safe\n/
  )
})

t.test("a server's error is shown in one line and can't control the terminal", async (t) => {
  const folder = await makeFolder(t)
  const detail = 'no\u001b[2J\u009b\nStopped.\u202e'
  const url = await startOther(t, (_request, response) => {
    response
      .writeHead(422, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify({ code: 'X', detail }))
  })
  for (const args of [
    ['keys', 'list'],
    ['import', SEED],
    ['export', folder]
  ])
    t.match(await run({}, ...args, '--url', url), {
      code: 1,
      out: '',
      err: /^(users\.csv: )?The server answered 422: no\?\[2J\? Stopped\.\?\n$/
    })
  t.same(await readdir(folder), [])
  const key = {
    id: '0\u001b[2J',
    role: 'admin',
    name: '\u009b1m',
    user_id: null,
    created_at: '',
    last_used_at: null
  }
  const keys = await startOther(t, (_request, response) => response.end(JSON.stringify([key])))
  const listed = await run({}, 'keys', 'list', '--url', keys)
  t.match(listed, { code: 0, out: /^0\?\[2J/ })
  t.notMatch(listed.out, /(?!\n)\p{Cc}/u)
})

t.test('other and unreachable servers are errors in one line', async (t) => {
  const folder = await makeFolder(t)
  const list = (url: string, env = {}) => run(env, 'keys', 'list', '--url', url)
  const page = await startOther(t, (_request, response) => response.end('<html>'))
  t.match(await list(page), { code: 1, err: `${page} is not a Fairlead server\n` })
  const moved = await startOther(t, (_request, response) =>
    response.writeHead(308, { location: 'https://new.example/keys' }).end()
  )
  t.match(await list(moved), {
    code: 1,
    err: 'The server redirects to https://new.example/keys; use that address\n'
  })
  t.match(await list(page.replace('http:', 'https:')), {
    code: 1,
    err: /^https:\S+ can not be reached: .*\n$/
  })
  t.match(await list('http://127.0.0.1:2'), {
    code: 1,
    err: /^http:\S+ can not be reached: .*ECONNREFUSED.*\n$/
  })
  t.match(await list('nowhere'), { code: 1, err: 'nowhere is not an http or https URL\n' })
  t.match(await list(page, { FAIRLEAD_KEY: 'ü' }), { code: 1, err: 'FAIRLEAD_KEY is not a key\n' })
  const broken = await startOther(t, (_request, response) => {
    response.write('id,')
    setImmediate(() => response.destroy())
  })
  t.match(await run({}, 'export', folder, '--url', broken), {
    code: 1,
    err: /ended its answer early; nothing was stored\n$/
  })
  t.same(await readdir(folder), [])
})

t.test('a request on a reused connection has no connection timeout', async (t) => {
  const url = await startOther(t, async (request, response) => {
    // The connection timeout expires while the server is still working on the request.
    if (request.method === 'POST') mock.timers.tick(60_000)
    response.end('{}')
  })
  const { signal } = new AbortController()
  const output = { print: () => undefined, progress: process.stderr }
  const remote = openRemote({ words: [], options: { url }, env: {}, signal, output })
  await remote?.call('GET', '/')
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  t.same(await remote?.call('POST', '/urls/bulk'), {})
})
