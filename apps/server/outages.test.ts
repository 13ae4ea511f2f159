import pg from 'pg'
import t from 'tap'
import { storageOf } from '#testing/app.ts'
import { startServer } from '#testing/process.ts'
import { until } from '#testing/until.ts'

t.test('without Redis at its start it boots, serves, logs the outage and ends promptly', async (t) => {
  const server = await startServer(t, {
    ...(await storageOf(t, 'alone')),
    REDIS_URL: 'redis://127.0.0.1:1'
  })
  const { request } = server
  const url = await request('POST', '/urls', { json: { original_url: 'https://example.com' } })
  t.equal(url.status, 201)
  t.equal((await request('GET', `/${url.json.short_code}`)).status, 302)
  const ready = await request('GET', '/health/ready')
  t.equal(ready.status, 200, 'a lost cache takes no replica out of service')
  t.match(ready.json, { status: 'degraded', checks: { cache: { status: 'failed', error: /./ } } })
  t.equal(server.lines().filter(({ msg }) => /Redis connection lost/.test(msg)).length, 1)
  t.same(await server.end(), { code: 0, signal: null })
})

t.test('on a PostgreSQL server', async (t) => {
  t.test('closed connections are replaced, and the process survives', async (t) => {
    const storage = await storageOf(t, 'alone')
    const server = await startServer(t, storage)
    const { request } = server
    const create = (name: string) =>
      request('POST', '/users', { json: { username: name, email: `${name}@example.com` } })
    await Promise.all(Array.from({ length: 20 }, (_, at) => create(`before${at}`)))

    const client = new pg.Client({ connectionString: storage['DATABASE_URL'] })
    await client.connect()
    const terminate = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`
    for (let round = 0; round < 3; round++) {
      t.ok((await client.query(terminate)).rowCount, 'some were idle in the pool')
      const answer = await until(
        () => create(`after${round}`),
        ({ status }) => status !== 503
      )
      t.ok(answer.status === 201 || answer.status === 409, `served again: ${answer.status}`)
    }
    await client.end()
    t.equal((await request('GET', '/health/ready')).status, 200)
    t.same(await server.end(), { code: 0, signal: null })
  })
})
