import t from 'tap'
import { databaseProblem } from '#platform/database/errors.ts'
import { profiles, startApp, storageOf } from '#testing/app.ts'
import { until } from '#testing/until.ts'
import { tryToHold } from './store.ts'

/** Behaviour that HTTP does not show: keys in use, expired answers, and owners of keys. */

const post = { json: { url: 'https://example.com/1' }, headers: { 'idempotency-key': 'k1' } }

profiles(t, async (t, profile) => {
  t.test('a day later the key is free again, and the answer can be deleted', async (t) => {
    const { app, request } = await startApp(t, { profile })
    const { pool } = app.database
    const age = () => pool.query(`UPDATE idempotency_keys SET created_at = created_at - interval '1 day'`)
    const first = await request('POST', '/shorten', post)
    t.equal(await app.idempotency.prune(), 0)
    await age()
    const second = await request('POST', '/shorten', post)
    t.not(second.json.short_code, first.json.short_code)
    t.equal(await app.idempotency.prune(), 0, 'it is kept for a day again')
    await age()
    t.equal(await app.idempotency.prune(), 1)
    t.same((await pool.query('SELECT count(*)::int AS count FROM idempotency_keys')).rows, [{ count: 0 }])
  })

  t.test('an answer that another release stored is repeated unchanged', async (t) => {
    const { app, request } = await startApp(t, { profile })
    await request('POST', '/shorten', post)
    const answer = {
      short_code: 'old',
      short_url: 'https://sho.rt/old',
      original_url: 'https://example.com/1'
    }
    await app.database.pool.query('UPDATE idempotency_keys SET answer = $1', [JSON.stringify(answer)])
    const { status, json, headers } = await request('POST', '/shorten', post)
    t.equal(status, 201)
    t.same(json, answer)
    t.match(headers.get('content-type'), /^application\/json/)
    t.equal(headers.get('location'), null)
  })

  t.test('a key is its caller’s own', async (t) => {
    const { app, request } = await startApp(t, { profile })
    const { rowCount } = await app.database.pool.query(
      `INSERT INTO idempotency_keys (scope, key, fingerprint, status, answer) VALUES ('key:other', 'k1', '', 201, '{}')`
    )
    t.equal(rowCount, 1)
    t.match((await request('POST', '/shorten', post)).json, { original_url: 'https://example.com/1' })
  })

  t.test('while another replica runs the first request, the second gets 409', async (t) => {
    const storage = await storageOf(t, profile)
    const [one, other] = [await startApp(t, { storage }), await startApp(t, { storage })]
    const draft = { username: 'owner', email: 'owner@example.com' }
    const { json: owner } = await one.request('POST', '/users', { json: draft })
    const { pool } = one.app.database
    const holder = await pool.connect()
    t.teardown(() => holder.release())
    await holder.query('BEGIN')
    await holder.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [owner.id])
    const creation = {
      json: { original_url: 'https://example.com/1', user_id: owner.id },
      headers: { 'idempotency-key': 'k1' }
    }
    const first = one.request('POST', '/urls', creation)
    // It has its key, and waits for its owner.
    const waiting =
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    await until(async () => (await pool.query(waiting)).rowCount !== 0)
    const second = await other.request('POST', '/urls', creation)
    t.match(second, { status: 409, json: { code: 'IDEMPOTENCY_KEY_IN_USE' } })
    t.equal(second.headers.get('retry-after'), '1')
    await holder.query('COMMIT')
    const answer = await first
    t.equal(answer.status, 201)
    t.equal((await other.request('POST', '/urls', creation)).text, answer.text)
  })
})

t.test('a replica that hangs in a transaction does not keep the key', async (t) => {
  const storage = await storageOf(t, 'alone')
  const [stopped, other] = [await startApp(t, { storage }), await startApp(t, { storage })]
  const { promise: goesOn, resolve: goOn } = Promise.withResolvers<void>()
  const work = stopped.app.database.transaction(async () => {
    await tryToHold(stopped.app.database.db, { scope: 'open', key: 'k1' })
    await goesOn
  })
  const failure = work.then(
    () => null,
    (error: unknown) => databaseProblem(error)
  )
  const send = () => other.request('POST', '/shorten', post)
  t.equal((await send()).status, 409)
  t.equal((await until(send, ({ status }) => status !== 409)).status, 201)
  goOn()
  t.equal((await failure)?.statusCode, 503)
})

t.test('a POST without config.idempotency refuses keys', async (t) => {
  const { request } = await startApp(t, { profile: 'alone' })
  const json = { name: 'one', role: 'admin' }
  const refused = await request('POST', '/keys', { json, headers: { 'idempotency-key': 'k1' } })
  t.match(refused, {
    status: 400,
    json: { code: 'IDEMPOTENCY_KEY_UNSUPPORTED', errors: [{ path: 'idempotency-key' }] }
  })
  t.equal((await request('POST', '/keys', { json })).status, 201)
})
