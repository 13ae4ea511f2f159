import t from 'tap'
import { hasRedis, startApp } from '#testing/app.ts'
import { missing } from '#testing/programs.ts'
import { startPostgres, startRedis } from '#testing/servers.ts'
import { until } from '#testing/until.ts'

/** Guesses of the passwords of links are limited, in every mode of access. */

const TRUSTED = { TRUST_PROXY: '127.0.0.1' }

async function startLocked(
  t: Parameters<typeof startApp>[0],
  env: Record<string, string>,
  storage?: Record<string, string>
) {
  const { app, request } = await startApp(t, { env: { ...TRUSTED, ...env }, ...(storage && { storage }) })
  const create = async (json: object) =>
    (await request('POST', '/urls', { json: { original_url: 'https://acme.dev/', ...json } })).json.short_code
  const code: string = await create({ password: 'the password' })
  /** Sends a password from an address. */
  const guess = async (password: string, address = '192.0.2.1') =>
    request('GET', `/${code}`, { headers: { 'x-link-password': password, 'x-forwarded-for': address } })
  return { app, request, create, code, guess }
}

t.test('10,000 guesses from one address try few passwords', async (t) => {
  const { request, create, code, guess } = await startLocked(t, { RATE_LIMIT_PASSWORDS: '5/600' })
  const form = {
    body: 'password=the+password',
    headers: { 'content-type': 'application/x-www-form-urlencoded' }
  }
  const opened = await request('POST', `/${code}`, form)
  const [cookie = ''] = (opened.headers.get('set-cookie') ?? '').split(';')
  const statuses = new Map<number, number>()
  for (let sent = 0; sent < 10_000; sent += 100) {
    const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => guess(`guess ${sent + at}`)))
    for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  // Two run while the last one is counted.
  t.ok((statuses.get(401) ?? 0) <= 8, `${[...statuses]}`)
  t.ok((statuses.get(429) ?? 0) >= 9_000, `${[...statuses]}`)
  t.same(
    [...statuses.keys()].filter((status) => ![401, 429, 503].includes(status)),
    []
  )
  const refused = await guess('the password')
  t.match(refused, { status: 429, json: { code: 'RATE_LIMITED' } }, 'even the right one')
  t.ok(Number(refused.headers.get('retry-after')) > 0)
  t.equal((await guess('the password', '198.51.100.1')).status, 302, 'other addresses are free')
  t.equal(
    (await request('GET', `/${code}`, { headers: { cookie, 'x-forwarded-for': '192.0.2.1' } })).status,
    302
  )
  const plain = await request('GET', `/${await create({})}`, { headers: { 'x-forwarded-for': '192.0.2.1' } })
  t.equal(plain.status, 302, 'so are other links')
})

t.test('guesses from many addresses are limited by link', async (t) => {
  const { app, guess } = await startLocked(t, { RATE_LIMIT_LINK_PASSWORDS: '3/600' })
  /** The guesses that Redis has counted, which it does after their answers. */
  const counted = async () => {
    const prefix = app.redis.options.keyPrefix ?? ''
    const [key = ''] = await app.redis.keys(`${prefix}limit:linkPasswords:*`)
    return Number(await app.redis.get(key.slice(prefix.length)))
  }
  const statuses = []
  for (let at = 1; at <= 6; at++) {
    statuses.push((await guess('no', `192.0.2.${at}`)).status)
    if (hasRedis()) await until(counted, (count) => count >= Math.min(at, 4))
  }
  t.same(statuses, [401, 401, 401, 401, 429, 429])
})

t.test('at most two hashes run at a time, and the queue has an end', async (t) => {
  const { guess } = await startLocked(t, { RATE_LIMIT: 'off' })
  const answers = await Promise.all(Array.from({ length: 60 }, (_, at) => guess(`no ${at}`)))
  const busy = answers.filter(({ status }) => status === 503)
  t.ok(busy.length > 0 && busy.length < 60, `${busy.length} refused`)
  t.match(busy[0]?.json, { code: 'PASSWORDS_BUSY' })
  t.equal(busy[0]?.headers.get('retry-after'), '2')
  t.equal((await guess('the password')).status, 302)
})

t.test('links that get passwords keep no visitor waiting', async (t) => {
  const { create, guess } = await startLocked(t, { RATE_LIMIT: 'off' })
  let finished = 0
  const creations = Array.from({ length: 30 }, async (_, at) => {
    await create({ password: `password ${at}` })
    finished++
  })
  await Promise.race(creations)
  t.equal((await guess('the password')).status, 302)
  t.ok(finished < 30, 'the visitor did not wait for all of them')
  await Promise.all(creations)
})

t.test('replicas accept the cookies of one another, over https only if they serve it', async (t) => {
  const first = await startApp(t, { env: { PUBLIC_URL: 'https://acme.dev/go' } })
  const { json } = await first.request('POST', '/urls', {
    json: { original_url: 'https://example.com/', password: 'the password' }
  })
  const { DATABASE_URL = '', REDIS_URL = '' } = first.config.settings
  const storage = { DATABASE_URL, REDIS_URL, DATA_DIR: first.config.settings.DATA_DIR }
  const path = `/s/${json.short_code}`
  const { headers } = await first.request('POST', path, {
    body: 'password=the+password',
    headers: { 'content-type': 'application/x-www-form-urlencoded' }
  })
  t.equal(headers.get('location'), `/go${path}`)
  t.match(headers.get('set-cookie'), `; Path=/go${path}; HttpOnly; Secure; SameSite=Lax`)
  await first.close()
  const second = await startApp(t, { storage })
  const [cookie = ''] = (headers.get('set-cookie') ?? '').split(';')
  t.equal((await second.request('GET', path, { headers: { cookie } })).status, 302)
})

t.test(
  'without PostgreSQL no password opens a link, and cookies do',
  { skip: missing('redis-server') },
  async (t) => {
    const [postgres, redis] = await Promise.all([startPostgres(t, { fsync: true }), startRedis(t)])
    const storage = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, DATA_DIR: t.testdir() }
    const { create, code, guess, request } = await startLocked(t, { RATE_LIMIT: 'off' }, storage)
    const plain = `/${await create({})}`
    const form = (accept = 'text/html') =>
      request('POST', `/${code}`, {
        body: 'password=the+password',
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept }
      })
    const [cookie = ''] = ((await form()).headers.get('set-cookie') ?? '').split(';')
    t.equal((await request('GET', plain)).status, 302)
    for (const [stop, go] of [
      [() => postgres.kill(), () => postgres.start()],
      [async () => postgres.freeze(), async () => postgres.thaw()]
    ] as const) {
      await stop()
      const answers = await Promise.all([
        guess('the password'),
        guess('no'),
        form(),
        form('application/json')
      ])
      const refused = answers.filter(
        ({ status, headers }) => status === 503 && Number(headers.get('retry-after')) >= 1
      )
      t.equal(refused.length, answers.length, `${answers.map(({ status }) => status)}`)
      t.same(
        answers.filter(({ text, headers }) => headers.has('location') || text.includes('acme.dev')),
        []
      )
      t.equal((await request('GET', `/${code}`)).status, 401)
      t.equal((await request('GET', `/${code}`, { headers: { cookie } })).status, 302)
      t.equal((await request('GET', plain)).status, 302)
      await go()
      await until(async () => (await guess('the password')).status === 302)
    }
  }
)
