import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { type Profile, profiles, startApp } from '#testing/app.ts'

/** The contents of a user's export, and the callers that may request it. */

const ADMIN = `fl_0123456789abcdef_${'a'.repeat(43)}`
const SEED = join(import.meta.dirname, '..', '..', 'apps', 'testing', 'fixtures', 'seed-csv')

async function start(t: Test, profile: Profile) {
  const env = { AUTH: 'keys', ADMIN_KEY: ADMIN, RATE_LIMIT: 'off' }
  const running = await startApp(t, { profile, env })
  const as =
    (key: string) =>
    (method: string, path: string, json?: unknown, headers: Record<string, string> = {}) =>
      running.request(method, path, {
        ...(json !== undefined && { json }),
        headers: { 'x-api-key': key, ...headers }
      })
  const admin = as(ADMIN)
  const issue = async (draft: object): Promise<string> =>
    (await admin('POST', '/keys', { name: 'a key', ...draft })).json.key
  return { ...running, as, admin, issue }
}

profiles(t, async (t, profile) => {
  const { app, request, as, admin, issue } = await start(t, profile)

  t.test('an export holds all data of a user of a real set, and none of others', async (t) => {
    for (const kind of ['users', 'urls', 'events']) {
      const body = readFileSync(join(SEED, `${kind}.csv`), 'utf8')
      const headers = { 'content-type': 'text/csv', 'x-api-key': ADMIN }
      t.equal((await request('POST', `/${kind}/bulk`, { body, headers })).status, 201, kind)
    }
    const { rows } = await app.database.db.execute(
      sql`select user_id from urls where user_id is not null group by 1 order by count(*) desc, 1 limit 1`
    )
    const id = Number(rows[0]?.['user_id'])
    const { json: links } = await admin('GET', `/urls?user_id=${id}`)
    t.ok(links.length >= 5, `${links.length} links`)
    const key = await issue({ role: 'member', user_id: id, name: 'laptop' })
    const me = as(key)
    const [link] = links
    await me('PUT', `/urls/${link.id}`, { title: 'Mine, "now"' })
    await me('PUT', `/urls/${links[2].id}`, { note: 'For the leaflet' })
    await me('DELETE', `/urls/${links[1].id}`)
    await admin('POST', '/events', { url_id: link.id, event_type: 'click', user_id: null })

    const answer = await me('GET', `/users/${id}/export`)
    t.equal(answer.status, 200)
    t.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
    t.equal(answer.headers.get('content-disposition'), `attachment; filename="user-${id}.json"`)
    t.equal(answer.headers.get('cache-control'), 'no-store')
    const exported = answer.json
    t.same(exported.user, (await me('GET', `/users/${id}`)).json)
    t.same(
      exported.urls.map((url: { id: number }) => url.id),
      links.map((url: { id: number }) => url.id),
      'deleted ones too'
    )
    t.ok(exported.urls[1].deleted_at)
    t.equal(exported.urls[2].note, 'For the leaflet')
    for (const url of exported.urls.filter((one: { deleted_at: string | null }) => one.deleted_at === null)) {
      const { json } = await me('GET', `/events?url_id=${url.id}`)
      t.same(url.events, json, `events of ${url.id}`)
    }
    const [first] = exported.urls
    t.match(first, { title: 'Mine, "now"', statistics: [{ clicks: 1, bots: 0, visitors: 0 }] })
    t.match(first.audit, [
      { action: 'updated', actor: { user_id: id, name: 'laptop' }, after: { title: 'Mine, "now"' } }
    ])
    t.match(exported.keys, [{ id: key.slice(3, 19), name: 'laptop', role: 'member' }])
    t.notMatch(answer.text, /hash|secret/)
    t.notMatch(answer.text, key.slice(20))
    t.match(exported.audit, [{ action: 'exported', actor: { kind: 'key', user_id: id } }])
    for (const event of exported.events) t.equal(event.user_id, id)
    const owners = new Set(exported.urls.map((url: { user_id: number }) => url.user_id))
    t.same([...owners], [id])
  })

  t.test('long lists are complete and in order', async (t) => {
    const user = (await admin('POST', '/users', { username: 'busy', email: 'busy@example.com' })).json
    const url = (await admin('POST', '/urls', { user_id: user.id, original_url: 'https://example.com' })).json
    await app.database.db.execute(sql`
      insert into events (url_id, event_type) select ${url.id}::bigint, 'note' from generate_series(1, 2500)`)
    const { json } = await admin('GET', `/users/${user.id}/export`)
    const ids = json.urls[0].events.map((event: { id: number }) => event.id)
    t.equal(ids.length, 2_501)
    t.same(
      ids,
      [...new Set<number>(ids)].sort((a, b) => a - b)
    )
    t.same(json.events, [])
  })

  t.test('only the user itself and administrators get it, with all scopes that it takes', async (t) => {
    const make = async (username: string) =>
      (await admin('POST', '/users', { username, email: `${username}@example.com` })).json.id as number
    const [one, other] = [await make('one'), await make('other')]
    const link = { user_id: other, original_url: 'https://example.com' }
    const { id: url_id } = (await admin('POST', '/urls', link)).json
    await admin('POST', '/events', { url_id, user_id: one, event_type: 'seen', details: { by: 'one' } })
    const path = `/users/${one}/export`
    const ask = async (draft: object) => as(await issue(draft))('GET', path)
    t.equal((await request('GET', path)).status, 401)
    t.equal((await ask({ role: 'member', user_id: other })).status, 404)
    t.match(await ask({ role: 'read-only' }), { status: 403, json: { code: 'EXPORT_REFUSED' } })
    const narrow = { role: 'member', user_id: one, scopes: ['users:read', 'urls:read'] }
    t.match(await ask(narrow), { status: 403, json: { code: 'SCOPE_MISSING' } })
    const half = { role: 'admin', scopes: ['users:read', 'urls:read', 'events:read', 'stats:read'] }
    t.match(await ask(half), { status: 403, json: { code: 'SCOPE_MISSING' } })
    const own = await ask({ role: 'read-only', user_id: one })
    t.equal(own.status, 200)
    t.match(own.json.events, [{ url_id, event_type: 'seen', details: { by: 'one' } }], 'on a link of another')
    t.match(own.json.audit[0], { action: 'created', actor: { kind: 'key', key_id: null, name: null } })
    t.equal((await admin('GET', path)).status, 200)
    t.equal((await admin('HEAD', path)).status, 405)
    t.equal((await admin('GET', '/users/999999/export')).status, 404)
    const log = (await admin('GET', `/audit?action=exported&resource_id=${one}`)).json
    t.match(log, [{ actor: { name: 'ADMIN_KEY' } }, { actor: { user_id: one } }])
    t.equal(log.length, 2, 'both exports are in the audit log')
  })
})
