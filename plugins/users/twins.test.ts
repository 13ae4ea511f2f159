import { sql } from 'drizzle-orm'
import t from 'tap'
import { startApp } from '#testing/app.ts'

/**
 * Duplicates: imported users that share a username or an email. One holds the key, which is never free
 * meanwhile.
 */

const { app, request } = await startApp(t)

/** Inserts users as an import does: the first of each name holds its key. */
async function importUsers(...rows: [id: number, username: string, email: string][]) {
  for (const [id, username, email] of rows) {
    await app.database.db.execute(sql`
      insert into users (id, username, email, username_key, email_key)
      select ${id}::bigint, ${username}::text, ${email}::text,
        nullif(lower(${username}), (select username_key from users where username_key = lower(${username}))),
        nullif(lower(${email}), (select email_key from users where email_key = lower(${email})))`)
  }
}
const create = async (username: string, email: string) =>
  (await request('POST', '/users', { json: { username, email } })).status
const change = async (id: number, json: unknown) => (await request('PUT', `/users/${id}`, { json })).status
const remove = async (id: number) => (await request('DELETE', `/users/${id}`)).status

t.test('after each deletion of the holder, the oldest duplicate inherits the name', async (t) => {
  await importUsers([1001, 'ann', 'ann1@a.dev'], [1003, 'Ann', 'ann3@a.dev'], [1002, 'ANN', 'ann2@a.dev'])
  for (const id of [1001, 1002, 1003]) {
    t.equal(await create('ann', 'new@a.dev'), 409)
    t.equal(await remove(id), 204)
  }
  t.equal(await create('ann', 'new@a.dev'), 201)
})

t.test('a name stays taken when its holder is renamed', async (t) => {
  await importUsers([1101, 'bob', 'bob@b.dev'], [1102, 'bob', 'bob@b.dev'])
  t.equal(await change(1101, { username: 'rob', email: 'rob@b.dev' }), 200)
  t.equal(await create('bob', 'x@b.dev'), 409)
  t.equal(await create('x', 'bob@b.dev'), 409)
  t.equal(await create('rob', 'x@b.dev'), 409)
  t.equal(await change(1101, { username: 'bob' }), 409, 'the way back is taken')
  t.equal(await change(1102, { username: 'bobby' }), 200)
  t.equal(await change(1101, { username: 'bob' }), 200)
})

t.test('changing or deleting a duplicate without a key frees no name', async (t) => {
  await importUsers([1201, 'cat', 'cat@c.dev'], [1202, 'cat', 'cat@c.dev'], [1203, 'cat', 'cat@c.dev'])
  t.equal(await change(1202, { username: 'kitten' }), 200)
  t.equal(await remove(1203), 204)
  t.equal(await create('cat', 'x@c.dev'), 409)
  t.equal(await create('kitten', 'x@c.dev'), 409, 'and holds what it takes')
})

t.test('a duplicate may send its own values back', async (t) => {
  await importUsers([1301, 'dan', 'dan@d.dev'], [1302, 'dan', 'dan@d.dev'])
  t.equal(await change(1302, { username: 'dan', email: 'dan@d.dev' }), 200)
  t.equal(await change(1302, { username: 'DAN' }), 409, 'but not claim the name anew')
  t.match((await request('GET', '/users/1302')).json, { username: 'dan', email: 'dan@d.dev' })
})

t.test('a name that its holder keeps in another case is still its own', async (t) => {
  await importUsers([1401, 'eve', 'eve@e.dev'], [1402, 'eve', 'eve2@e.dev'])
  t.equal(await change(1401, { username: 'EVE' }), 200)
  t.equal(await create('Eve', 'x@e.dev'), 409)
  const { rows } = await app.database.db.execute<{ id: string }>(
    sql`select id from users where username_key = 'eve'`
  )
  t.same(
    rows.map(({ id }) => Number(id)),
    [1401]
  )
})

t.test('deleting a holder while requests claim its name leaves one holder', async (t) => {
  await importUsers([1501, 'fay', 'fay@f.dev'], [1502, 'fay', 'fay2@f.dev'], [1503, 'fay', 'fay3@f.dev'])
  // The second duplicate is deleted while the deletion of the holder would pass the name to it.
  const asks = Array.from({ length: 10 }, (_, at) => create('fay', `new${at}@f.dev`))
  const answers = await Promise.all([remove(1501), ...asks, remove(1502)])
  t.same(new Set(answers), new Set([204, 409]))
  const { rows } = await app.database.db.execute<{ id: string }>(
    sql`select id from users where username_key = 'fay'`
  )
  t.same(
    rows.map(({ id }) => Number(id)),
    [1503]
  )
})

t.test('deleting all duplicates concurrently succeeds and frees their name', async (t) => {
  const ids = Array.from({ length: 12 }, (_, at) => 1601 + at)
  await importUsers(...ids.map((id): [number, string, string] => [id, 'gus', 'gus@g.dev']))
  // Some hold the username and some the email, so that each waits for another.
  await change(1601, { email: 'gus1@g.dev' })
  t.same(new Set(await Promise.all(ids.map(remove))), new Set([204]))
  t.equal(await create('gus', 'gus@g.dev'), 201)
})
