import { sql } from 'drizzle-orm'
import t from 'tap'
import { startApp } from '#testing/app.ts'

const { app, request } = await startApp(t, { env: { DATABASE_STATEMENT_TIMEOUT_MS: '400' } })
const { database } = app

t.test('a transaction commits completely or not at all', async (t) => {
  await database.db.execute(sql`create table scratch (n int)`)
  const add = (n: number) => sql`insert into scratch values (${n})`
  t.equal(await database.transaction(async () => (await database.db.execute(add(1))).rowCount), 1)
  const failing = database.transaction(async () => {
    await database.db.execute(add(2))
    throw new Error('changed my mind')
  })
  await t.rejects(failing, /changed my mind/)
  t.match((await database.db.execute(sql`select n from scratch`)).rows, [{ n: 1 }])
})

t.test('a connection whose work failed is not reused', async (t) => {
  const failing = database.withClient(async (client) => {
    await client.query('BEGIN')
    await client.query('SELECT nonsense')
  })
  await t.rejects(failing, { code: '42703' })
  await database.ping()
  const status = await database.withClient((client) =>
    client.query('SELECT now() = statement_timestamp() AS fresh')
  )
  t.match(status.rows, [{ fresh: true }], 'outside of any transaction')
})

t.test('a failing statement does not affect other callers', async (t) => {
  const url = await request('POST', '/urls', { json: { original_url: 'https://a.dev' } })
  // Redirects use a prepared statement, and each connection prepares its own.
  for (const code of [url.json.short_code, 'nobody', 'noone']) {
    const failing = database.pool.query('SELECT nonsense')
    const status = code === url.json.short_code ? 302 : 404
    const [answer] = await Promise.all([request('GET', `/${code}`), t.rejects(failing, { code: '42703' })])
    t.equal(answer.status, status)
    const failed = database.withClient((client) => client.query('SELECT nonsense'))
    await t.rejects(failed, { code: '42703' })
    t.equal((await request('GET', `/${code}x`)).status, 404)
    await database.ping()
  }
})

t.test('a connection that breaks within a transaction fails only that transaction', async (t) => {
  const failing = database.transaction(async () => {
    const { rows } = await database.db.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
    await database.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
    await database.db.execute(sql`select 1`)
  })
  await t.rejects(failing)
  for (let at = 0; at < 20; at++) await database.ping()
})

t.test('a transaction that meets a deadlock runs again', async (t) => {
  await database.db.execute(sql`create table pair (id int primary key, n int default 0)`)
  await database.db.execute(sql`insert into pair values (1), (2)`)
  const add = (id: number) => sql`update pair set n = n + 1 where id = ${id}`
  let runs = 0
  let first = () => {}
  const both = new Promise<void>((done) => {
    first = done
  })
  const take = (ids: [number, number]) =>
    database.transaction(async () => {
      await database.db.execute(sql`set local deadlock_timeout = '10ms'`)
      await database.db.execute(add(ids[0]))
      // Each transaction holds one row and waits for the other.
      if (++runs === 2) first()
      await both
      await database.db.execute(add(ids[1]))
    })
  await Promise.all([take([1, 2]), take([2, 1])])
  t.equal(runs, 3)
  t.match((await database.db.execute(sql`select n from pair`)).rows, [{ n: 2 }, { n: 2 }])
})

t.test('a slow statement is cancelled, and the next one works', async (t) => {
  await t.rejects(database.pool.query('SELECT pg_sleep(5)'), { code: '57014' })
  await database.ping()
})

t.test('times are UTC and in ISO style with any server settings', async (t) => {
  const { rows } = await database.pool.query(
    "SELECT current_setting('TimeZone') AS zone, current_setting('DateStyle') AS style"
  )
  t.match(rows, [{ zone: 'UTC', style: 'ISO, YMD' }])
})

t.test('a conflict with an id of an import causes a retry, not an error', async (t) => {
  const next = async (table: string) => {
    const { rows } = await database.pool.query(`SELECT nextval('${table}_id_seq')::int + 1 AS id`)
    return rows[0].id as number
  }
  const user = { username: 'late', email: 'late@example.com' }
  const [userId, urlId] = [await next('users'), await next('urls')]
  await database.pool.query(
    `INSERT INTO users (id, username, email) VALUES (${userId}, 'early', 'early@example.com')`
  )
  const created = await request('POST', '/users', { json: user })
  t.equal(created.status, 201)
  t.equal(created.json.id, userId + 1)
  await database.pool.query(
    `INSERT INTO urls (id, short_code, original_url) VALUES (${urlId}, 'early', 'https://a.dev')`
  )
  const url = await request('POST', '/urls', { json: { original_url: 'https://a.dev' } })
  t.equal(url.status, 201)
  t.equal(url.json.id, urlId + 1)
})
