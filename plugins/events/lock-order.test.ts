import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { startApp } from '#testing/app.ts'

/**
 * Every write takes locks in the order of docs/adr/2026-11-30-one-order-of-locks.md. While it waits for an
 * early lock it holds no later one.
 */

const { app, request } = await startApp(t)
const { pool } = app.database

const post = async (path: string, json: object, headers = {}) =>
  (await request('POST', path, { json, headers })).json
let made = 0
async function makeContext() {
  made++
  const user = await post('/users', { username: `user${made}`, email: `user${made}@example.com` })
  const target = { original_url: 'https://a.dev', user_id: user.id }
  const url = await post('/urls', target, { 'idempotency-key': `key-${made}` })
  await post('/keys', { name: 'a key', role: 'member', user_id: user.id })
  await post('/events', { url_id: url.id, user_id: user.id, event_type: 'click' })
  return { user: Number(user.id), url: Number(url.id) }
}

type Context = Awaited<ReturnType<typeof makeContext>>

/** The rows of a context in lock order. */
const ORDER: [table: string, where: (context: Context) => string][] = [
  ['users', ({ user }) => `id = ${user}`],
  ['api_keys', ({ user }) => `user_id = ${user}`],
  ['urls', ({ url }) => `id = ${url}`],
  ['events', ({ url }) => `url_id = ${url}`],
  ['url_stats_hourly', ({ url }) => `url_id = ${url}`],
  ['url_stats_daily', ({ url }) => `url_id = ${url}`]
]

const WRITES: Record<string, (context: Context) => Promise<{ status: number }>> = {
  'POST /urls': ({ user }) =>
    request('POST', '/urls', { json: { original_url: 'https://a.dev', user_id: user } }),
  'PUT /urls/:id': ({ url }) => request('PUT', `/urls/${url}`, { json: { title: 'new' } }),
  'DELETE /urls/:id': ({ url }) => request('DELETE', `/urls/${url}`),
  'PATCH /api/links/bulk': ({ url }) =>
    request('PATCH', '/api/links/bulk', { json: { items: [{ id: url, title: 'new' }] } }),
  'DELETE /api/links/bulk': ({ url }) =>
    request('DELETE', '/api/links/bulk', { json: { items: [{ id: url }] } }),
  'POST /events': ({ user, url }) =>
    request('POST', '/events', { json: { url_id: url, user_id: user, event_type: 'click' } }),
  'POST /keys': ({ user }) =>
    request('POST', '/keys', { json: { name: 'k', role: 'member', user_id: user } }),
  'PUT /users/:id': ({ user }) => request('PUT', `/users/${user}`, { json: { username: `renamed${user}` } }),
  'DELETE /users/:id': ({ user }) => request('DELETE', `/users/${user}?cascade=true`),
  'POST /users/:id/erasure': ({ user }) => request('POST', `/users/${user}/erasure`)
}

for (const [name, write] of Object.entries(WRITES)) {
  t.test(`${name} takes locks in order`, async (t) => {
    for (const [place, [table, where]] of ORDER.entries()) {
      const context = await makeContext()
      const holder = await pool.connect()
      try {
        await holder.query('BEGIN')
        await holder.query(`SELECT FROM ${table} WHERE ${where(context)} FOR UPDATE`)
        let isDone = false
        const writing = write(context).finally(() => {
          isDone = true
        })
        const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
        while (!isDone && (await pool.query(waiting)).rowCount === 0) await wait(5)
        // A write that does not need this lock completes.
        if (!isDone)
          for (const [later, laterWhere] of ORDER.slice(place + 1))
            await t.resolves(
              holder.query(`SELECT FROM ${later} WHERE ${laterWhere(context)} FOR UPDATE NOWAIT`),
              `holds no row of ${later} while it waits for ${table}`
            )
        await holder.query('ROLLBACK')
        t.ok((await writing).status < 300, `and goes on once it has ${table}`)
      } finally {
        holder.release()
      }
    }
  })
}

t.test('concurrent events and erasures of one user succeed', async (t) => {
  for (let round = 0; round < 5; round++) {
    const context = await makeContext()
    const { user, url } = context
    const event = { url_id: url, user_id: user, event_type: 'seen' }
    const answers = await Promise.all([
      ...Array.from({ length: 6 }, () => request('POST', '/events', { json: event })),
      request('POST', `/users/${user}/erasure`),
      request('PUT', `/urls/${url}`, { json: { title: 'new' } })
    ])
    for (const { status } of answers) t.ok([200, 201, 204, 404].includes(status), `${status}`)
  }
  const { rows } = await app.database.db.execute<{ n: string }>(
    sql`select deadlocks as n from pg_stat_database where datname = current_database()`
  )
  t.match(rows, [{ n: '0' }])
})
