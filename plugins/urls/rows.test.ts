import { sql } from 'drizzle-orm'
import t from 'tap'
import type { Caller } from '#platform/access/caller.ts'
import { SYSTEM } from '#platform/access/caller.ts'
import { startApp, storageOf } from '#testing/app.ts'
import { missing } from '#testing/programs.ts'
import { until } from '#testing/until.ts'

/** Reads of links by id use the cache, and are as current as redirects. */

t.test('a change, a deletion and a creation show in the next read', async (t) => {
  const { request } = await startApp(t)
  const read = async (id: number) => {
    const { status, json } = await request('GET', `/urls/${id}`)
    return status === 200 ? json : status
  }
  t.equal(await read(1), 404)
  const { json: made } = await request('POST', '/urls', {
    json: { original_url: 'https://a.dev', note: 'one' }
  })
  t.same(await read(made.id), made, 'also where the id was unknown before')
  const { json: changed } = await request('PUT', `/urls/${made.id}`, {
    json: { title: 'Two', expires_at: '2099-01-01' }
  })
  t.same(await read(made.id), changed)
  await request('DELETE', `/urls/${made.id}`)
  t.equal(await read(made.id), 404)
})

t.test('a cached link is unknown to callers without access to it', async (t) => {
  const { app, request } = await startApp(t)
  const { json: user } = await request('POST', '/users', { json: { username: 'one', email: 'one@a.dev' } })
  const { json: made } = await request('POST', '/urls', {
    json: { original_url: 'https://a.dev', user_id: user.id }
  })
  const member: Caller = { ...SYSTEM, kind: 'key', role: 'member', userId: user.id }
  t.equal((await app.urls.get(member, made.id)).id, made.id)
  await t.rejects(app.urls.get({ ...member, userId: user.id + 1 }, made.id), { code: 'URL_UNKNOWN' })
})

t.test('a link that expires in a year of another program can be changed and deleted', async (t) => {
  const { app, request } = await startApp(t)
  for (const [time, shown] of [
    ['infinity', '+275760-09-13T00:00:00'],
    ['20000-01-01 00:00:00+00', '+020000-01-01T00:00:00'],
    ['0005-01-01 00:00:00+00 BC', '-000004-01-01T00:00:00']
  ]) {
    const { json: made } = await request('POST', '/urls', { json: { original_url: 'https://a.dev' } })
    await app.database.db.execute(sql`update urls set expires_at = ${time} where id = ${made.id}`)
    const { status, json } = await request('PATCH', `/urls/${made.id}`, { json: { title: 'Far' } })
    t.match({ status, ...json }, { status: 200, title: 'Far', expires_at: shown })
    t.equal((await request('DELETE', `/urls/${made.id}`)).status, 204)
  }
})

t.test('a read needs no database while the link is cached', async (t) => {
  const { app, request } = await startApp(t)
  const { json: made } = await request('POST', '/urls', { json: { original_url: 'https://a.dev' } })
  await request('GET', `/urls/${made.id}`)
  t.intercept(app.pg.pool, 'query', { value: () => Promise.reject(new Error('not now')) })
  t.same((await request('GET', `/urls/${made.id}`)).json, made)
})

t.test('replicas see a change of another', { skip: missing('redis-server') }, async (t) => {
  const storage = await storageOf(t, 'redis')
  const env = { PUBLIC_URL: 'https://l.acme.dev' }
  const [one, other] = [await startApp(t, { storage, env }), await startApp(t, { storage, env })]
  const { json: made } = await one.request('POST', '/urls', { json: { original_url: 'https://a.dev' } })
  const read = async () => (await other.request('GET', `/urls/${made.id}`)).json
  t.same(await read(), made)
  const { json: changed } = await one.request('PUT', `/urls/${made.id}`, { json: { note: 'Seen' } })
  t.same(await until(read, (url) => url.note === 'Seen'), changed)
  await one.request('DELETE', `/urls/${made.id}`)
  await until(async () => (await other.request('GET', `/urls/${made.id}`)).status === 404)
})
