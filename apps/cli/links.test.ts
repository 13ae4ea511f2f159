import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { startApp, storageOf } from '#testing/app.ts'
import { runCli as run, startCli as start } from '#testing/cli-process.ts'
import { until } from '#testing/until.ts'

/** Links through the command line: `shorten`, `ls`, `stats` and `tail`. */

t.test('shorten prints the short link alone', async (t) => {
  const { url } = await startApp(t, { env: { PUBLIC_URL: 'https://sho.rt' } })
  const shorten = (...args: string[]) => run({}, 'shorten', ...args, '--url', url)
  t.match(await shorten('https://example.com/a'), { code: 0, out: /^https:\/\/sho\.rt\/\w{6}\n$/, err: '' })
  t.same(await shorten('https://example.com', '--code', 'one', '--title', 'No 1'), {
    code: 0,
    out: 'https://sho.rt/one\n',
    err: ''
  })
  t.match(await shorten('https://example.com', '--code', 'one'), {
    code: 1,
    out: '',
    err: /^The server answered 409: The short code one is taken.+\n$/
  })
  t.match(await shorten('nowhere'), { code: 1, out: '', err: /^The server answered 422: .+\n$/ })
  t.match(await shorten('--code', 'x'), { code: 2, out: '', err: /^TARGET is missing\n/ })
  const { out } = await shorten('https://example.com', '--json')
  t.match(JSON.parse(out), { id: 3, original_url: 'https://example.com', short_url: /^https:/ })
})

t.test('ls prints a table in which no title can break a line or control the terminal', async (t) => {
  const { url, request } = await startApp(t, { env: { AUTH: 'open' } })
  const list = (...args: string[]) => run({}, 'ls', ...args, '--url', url)
  t.same(await list(), { code: 0, out: '', err: '' })
  const title = 'two\nlines \u001b[2J \u202eleft 🦊'
  const links = [
    { short_code: 'one', original_url: 'https://example.com', title },
    { short_code: 'three', original_url: 'https://example.com/three', is_active: false },
    { short_code: 'two', original_url: 'https://other.example', expires_at: '2020-01-01T00:00:00' }
  ]
  for (const json of links) await request('POST', '/urls', { json })
  const { code, out, err } = await list()
  t.same([code, err], [0, ''])
  t.same(out.replace(/\d{4}-\d\d-\d\dT[\d:]{8}/g, 'TIME').split('\n'), [
    'ID  CODE   STATE     CREATED              TARGET                     TITLE',
    '3   two    expired   TIME  https://other.example',
    '2   three  inactive  TIME  https://example.com/three',
    '1   one    active    TIME  https://example.com        two lines ?[2J ?left 🦊',
    ''
  ])
  t.match(await list('--limit', '1', '--q', 'example.com'), {
    out: /^ID.+\n2 .+\n$/,
    err: 'There are more; --limit lists them.\n'
  })
  t.match(await list('--limit', 'all'), { code: 2, err: /^--limit takes a whole number/ })
  const json = await list('--json')
  t.notMatch(json.out, /(?!\n)[\p{Cc}\u202e]/u)
  t.match(JSON.parse(json.out), [{ id: 3 }, { id: 2 }, { title }])
})

t.test('stats finds a link by its id, code or short URL', async (t) => {
  const { url, request } = await startApp(t)
  const stats = (...args: string[]) => run({}, 'stats', ...args, '--url', url)
  await request('POST', '/urls', { json: { original_url: 'https://example.com', short_code: '528279' } })
  for (let count = 0; count < 3; count++) await request('GET', '/528279')
  const shown = await stats('1')
  t.match(shown, {
    code: 0,
    err: '',
    out: /^http:\S+\/528279 → https:\/\/example\.com\n\S+ to \S+ by day \(UTC\)\nclicks +3 {2}▁{29}█\nbots +\d {2}[▁█]{30}\nvisitors +\d {2}[▁█]{30}\n$/
  })
  for (const name of ['528279', `${url}/528279`]) t.same(await stats(name), shown, name)
  t.match(await stats(), {
    code: 0,
    out: /^1 links, 0 users\n[\s\S]+\n3 {2}528279 {2}https:\/\/example\.com\n$/
  })
  t.match(JSON.parse((await stats('1', '--json', '--unit', 'hour')).out), {
    url_id: 1,
    clicks: 3,
    unit: 'hour'
  })
  t.match(await stats('2'), { code: 1, out: '', err: 'There is no link with the id or code 2\n' })
  t.match(await stats('1', '--unit', 'dya'), { code: 2, err: /did you mean day/ })
  t.match(await stats('1', '--tz', 'Mars/Base'), { code: 1, err: /^The server answered 422/ })
})

t.test('tail prints each click once, while its server restarts too', async (t) => {
  const storage = await storageOf(t, 'own')
  const first = await startApp(t, { storage })
  for (const short_code of ['one', 'two'])
    await first.request('POST', '/urls', { json: { original_url: 'https://example.com', short_code } })
  await first.request('GET', '/one')
  const { child, ended } = start({}, 'tail', 'one', '--json', '--url', first.url)
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => (out += chunk))
  child.stderr?.on('data', (chunk) => (err += chunk))
  // The click before the start is not printed; the loop ends with the first one after it.
  await until(async () => {
    await first.request('GET', '/one')
    await wait(200)
    return out
  })
  await first.request('GET', '/two')
  await first.close()
  await until(() => err)
  const { port } = new URL(first.url)
  const second = await startApp(t, { storage, env: { PORT: port } })
  await second.request('GET', '/one', { headers: { referer: 'https://last.example' } })
  await until(() => out.includes('last.example'))
  child.kill('SIGINT')
  const { code } = await ended
  t.equal(code, 130)
  t.match(err, /^http:\S+ can not be reached: .+; waiting for it\.\nThe server is back\.\nStopped\.\n$/)
  const printed = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const { json: stored } = await second.request('GET', '/events?event_type=click&url_id=1')
  t.same(
    printed.map(({ id }) => id),
    stored.slice(-printed.length).map(({ id }: { id: number }) => id)
  )
  t.ok(printed.length < stored.length)
})

t.test('tail fails at once without a server, and prints a line for a click', async (t) => {
  const { url, request, close } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com', short_code: 'one' } })
  const { child, ended } = start({}, 'tail', '--url', url)
  let out = ''
  child.stdout?.on('data', (chunk) => {
    out += chunk
  })
  await until(async () => {
    await request('GET', '/one', { headers: { 'user-agent': 'Sailor/1 \u009b1m' } })
    await wait(200)
    return out
  })
  t.match(out, /^\d{4}-\d\d-\d\dT[\d:]{8} {2}one {2}- {2}Sailor\/1 \?1m\n/)
  child.kill('SIGINT')
  t.match(await ended, { code: 130, err: 'Stopped.\n' })
  await close()
  t.match(await run({}, 'tail', '--url', url), { code: 1, out: '', err: /can not be reached/ })
  t.match(await run({}, 'tail', 'one', 'two'), { code: 2, err: /one word too many/ })
})
