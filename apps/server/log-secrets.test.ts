import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import t, { type Test } from 'tap'
import { buildApp } from '#apps/app.ts'
import { readConfig } from '#apps/config.ts'
import { createLoggerOptions } from '#apps/logger.ts'
import { Settings } from '#apps/settings.ts'
import { createClient, storageOf } from '#testing/app.ts'
import { spawnServer } from '#testing/process.ts'
import { missing } from '#testing/programs.ts'
import { startPostgres, startRedis } from '#testing/servers.ts'
import { until } from '#testing/until.ts'

/**
 * Provokes each error of the drivers at every log level. No line contains a secret, an email address or a
 * client's address.
 */

const skip = missing('redis-server')
const LEVELS = Settings.properties.LOG_LEVEL.enum.filter((level) => level !== 'silent')
const SECRETS = /hunter2|wrong-pass|jane|203\.0\.113\.77|token-1/i
const CLIENT = { 'x-forwarded-for': '203.0.113.77' }

/** Starts an app like a server's, and records its log at `level`. */
async function startLogging(t: Test, level: string, env: Record<string, string>, titles = {}) {
  const config = readConfig({
    LINGER_MS: '0',
    SHED_EVENT_LOOP_MS: '0',
    TRUST_PROXY: '127.0.0.1',
    ...env,
    LOG_LEVEL: level
  })
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  const logger = { ...(await createLoggerOptions(config.log)), stream }
  const app = await buildApp({ ...config, titles: { ...config.titles, ...titles } }, { logger })
  t.teardown(() => app.close())
  const request = createClient(await app.listen({ host: '127.0.0.1', port: 0 }))
  return { app, request, log: () => lines.join('') }
}

const isLogged = (level: string, least: string) =>
  LEVELS.indexOf(level as never) <= LEVELS.indexOf(least as never)

t.test('PostgreSQL refuses the password', { skip }, async (t) => {
  const postgres = await startPostgres(t)
  const admin = new pg.Client({ connectionString: postgres.url })
  await admin.connect()
  await admin.query("CREATE ROLE fairlead LOGIN SUPERUSER PASSWORD 'hunter2-right'")
  // From here on, connections need the password.
  const { rows } = await admin.query<{ file: string }>("SELECT current_setting('hba_file') AS file")
  await admin.query(`COPY (SELECT 'host all fairlead 127.0.0.1/32 scram-sha-256') TO '${rows[0]?.file}'`)
  await admin.query('SELECT pg_reload_conf()')
  await admin.end()
  const url = new URL(postgres.url)
  Object.assign(url, { username: 'fairlead', password: 'hunter2-wrong-pass' })
  const { DATA_DIR = '' } = await storageOf(t, 'alone')
  for (const level of LEVELS) {
    const server = spawnServer(t, {
      DATA_DIR,
      DATABASE_URL: url.href,
      DATABASE_START_TIMEOUT_MS: '300',
      LOG_LEVEL: level
    })
    t.match(await server.exited, { code: 1 })
    t.match(server.output(), /password authentication failed/, level)
    t.notMatch(server.output(), SECRETS, level)
  }
})

t.test('connections to PostgreSQL break, idle and busy', { skip }, async (t) => {
  const postgres = await startPostgres(t)
  const url = new URL(postgres.url)
  url.password = 'hunter2'
  for (const level of LEVELS) {
    const { DATA_DIR = '' } = await storageOf(t, 'alone')
    const { request, log } = await startLogging(t, level, {
      DATA_DIR,
      DATABASE_URL: url.href,
      DATABASE_CONNECT_TIMEOUT_MS: '100'
    })
    const json = { username: `jane-${level}`, email: `jane-${level}@example.com` }
    t.equal((await request('POST', '/users', { json, headers: CLIENT })).status, 201)
    t.equal((await request('POST', '/users', { json, headers: CLIENT })).status, 409)
    await postgres.kill()
    if (isLogged(level, 'warn')) await until(() => /idle database connection failed/.test(log()))
    t.equal((await request('POST', '/users', { json, headers: CLIENT })).status, 503)
    t.match((await request('GET', '/health/ready', { headers: CLIENT })).json, { status: 'degraded' })
    t.equal(log().includes('"err"'), isLogged(level, 'warn'), `${level}: there is an error to look at`)
    t.notMatch(log(), SECRETS, level)
    await postgres.start()
  }
})

t.test('Redis refuses the password, and its connection breaks', { skip }, async (t) => {
  const redis = await startRedis(t, { args: ['--user', 'fairlead', 'on', '>hunter2', '~*', '&*', '+@all'] })
  const url = new URL(redis.url)
  url.username = 'fairlead'
  for (const level of LEVELS) {
    const storage = await storageOf(t, 'alone')
    for (const password of ['hunter2-wrong-pass', 'hunter2']) {
      url.password = password
      const { app, request, log } = await startLogging(t, level, {
        ...storage,
        REDIS_URL: url.href,
        REDIS_PREFIX: `${level}:`
      })
      if (password === 'hunter2') {
        await redis.kill()
        await until(() => app.redis.status !== 'ready')
      }
      t.equal((await request('GET', '/health/ready', { headers: CLIENT })).status, 200)
      if (isLogged(level, 'warn')) await until(() => /Redis connection lost/.test(log()))
      t.notMatch(log(), SECRETS, `${level}: ${password === 'hunter2' ? 'broken' : 'refused'}`)
      await app.close()
      if (password === 'hunter2') await redis.start()
    }
  }
})

t.test('fetching a page fails', async (t) => {
  const gone = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => gone.once('listening', done))
  const { port } = gone.address() as AddressInfo
  await new Promise((done) => gone.close(done))
  for (const level of LEVELS) {
    const network = { network: { permits: () => true } }
    const env = { ...(await storageOf(t, 'alone')), TITLE_FETCH: 'on' }
    const { app, request, log } = await startLogging(t, level, env, network)
    const original_url = `http://127.0.0.1:${port}/jane?key=token-1`
    t.equal((await request('POST', '/urls', { json: { original_url }, headers: CLIENT })).status, 201)
    await until(
      async () => (await request('GET', '/metrics')).text,
      (text) => /^fairlead_titles_total\{outcome="failed"\} 1$/m.test(text)
    )
    if (isLogged(level, 'debug')) t.match(log(), /"ECONNREFUSED"|ECONNREFUSED/, level)
    t.notMatch(log(), SECRETS, level)
    await app.close()
  }
})
