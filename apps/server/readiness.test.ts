import pg from 'pg'
import t, { type Test } from 'tap'
import { type Running, startApp, storageOf } from '#testing/app.ts'
import { missing } from '#testing/programs.ts'
import { startPostgres } from '#testing/servers.ts'
import { until } from '#testing/until.ts'

/** Every failure of all writes shows in the readiness probe by name, while redirects continue. */

const TIMEOUTS = { DATABASE_STATEMENT_TIMEOUT_MS: '150', DATABASE_CONNECT_TIMEOUT_MS: '150' }

async function follow({ request }: Running, code: string): Promise<number> {
  return (await request('GET', `/${code}`)).status
}

/** Breaks writes and asserts the answer of the probe; `mend` repairs them. */
async function check(t: Test, running: Running, part: string, code: string, mend: () => Promise<unknown>) {
  const { request } = running
  const create = () => request('POST', '/urls', { json: { original_url: 'https://acme.dev/' } })
  const ready = () => request('GET', '/health/ready')
  t.equal((await until(create, ({ status }) => status === 503)).status, 503)
  t.equal(await follow(running, code), 302)
  const { status, json } = await ready()
  t.equal(status, 200)
  t.equal(json.status, 'degraded')
  t.match(json.checks[part], { status: 'failed', error: /./ })
  await mend()
  t.equal((await until(create, ({ status }) => status === 201)).status, 201)
  t.equal((await until(ready, ({ json }) => json.status === 'ok')).json.status, 'ok')
}

/** Starts a server with a cached link, and a separate session on its database. */
async function startWarm(t: Test, storage: Record<string, string>) {
  const running = await startApp(t, { storage, env: TIMEOUTS })
  const { json } = await running.request('POST', '/urls', { json: { original_url: 'https://acme.dev/' } })
  await follow(running, json.short_code)
  const client = new pg.Client({ connectionString: storage['DATABASE_URL'] })
  client.on('error', () => undefined)
  await client.connect()
  t.teardown(() => client.end())
  return { running, code: json.short_code as string, client }
}

t.test('a read-only database', async (t) => {
  const { running, code, client } = await startWarm(t, await storageOf(t, 'alone'))
  const set = async (value: string) => {
    const { rows } = await client.query('SELECT current_database() AS name')
    await client.query(`ALTER DATABASE "${rows[0].name}" SET default_transaction_read_only = ${value}`)
    await client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'
    )
  }
  await set('on')
  await check(t, running, 'writes', code, () => set('off'))
})

t.test('a locked table', async (t) => {
  const { running, code, client } = await startWarm(t, await storageOf(t, 'alone'))
  await client.query('BEGIN; LOCK TABLE urls IN EXCLUSIVE MODE')
  await check(t, running, 'writes', code, () => client.query('ROLLBACK'))
})

t.test('an unavailable database', { skip: missing('postgres') }, async (t) => {
  const postgres = await startPostgres(t)
  const storage = { DATA_DIR: t.testdir(), DATABASE_URL: postgres.url }
  const { running, code } = await startWarm(t, storage)
  await postgres.kill()
  await check(t, running, 'database', code, () => postgres.start())
})
