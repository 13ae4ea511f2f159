import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { installedProfiles, startApp } from '#testing/app.ts'
import { isProblem } from './subject.ts'

/** The contract's real set, with its files unchanged. */
const SET = join(import.meta.dirname, '..', 'testing', 'fixtures', 'seed-csv')
const sizes = { users: 400, urls: 2_000, events: 3_422 }

const readSet = (name: string) => readFile(join(SET, `${name}.csv`))

installedProfiles(t, async (t, profile) => {
  t.test('beside a user with the id of another its links stay with their owner', async (t) => {
    const { request } = await startApp(t, { profile })
    const { json: first } = await request('POST', '/users', {
      json: { username: 'first', email: 'first@example.com' }
    })
    const load = async (query: string) => {
      const form = new FormData()
      for (const name of Object.keys(sizes)) form.set(name, new Blob([await readSet(name)]), `${name}.csv`)
      return request('POST', `/sets/bulk${query}`, { body: form })
    }
    isProblem(t, await load('?on_conflict=fail'), 409)
    t.equal((await request('GET', '/users')).json.length, 1, 'nothing was stored')
    const { status, json } = await load('?on_conflict=renumber')
    t.equal(status, 201)
    t.match(json, {
      users: { count: 400, imported: 400, conflicts: 1, renumbered: 1 },
      urls: { count: 2_000, imported: 2_000, conflicts: 0 },
      events: { count: 3_422, imported: 3_422, conflicts: 0 }
    })
    t.same((await request('GET', `/urls?user_id=${first.id}`)).json, [])
    const { json: users } = await request('GET', '/users')
    const moved = users.at(-1)
    t.equal(moved.username, (await readSet('users')).toString().split('\n')[1]?.split(',')[1])
    const rows = (await readSet('urls')).toString().match(/^\d+,1,/gm) ?? []
    t.equal((await request('GET', `/urls?user_id=${moved.id}`)).json.length, rows.length)
    t.match((await load('?on_conflict=renumber')).json, {
      users: { imported: 0, skipped: 400, conflicts: 0 },
      urls: { imported: 0, skipped: 2_000, conflicts: 0 },
      events: { imported: 0, skipped: 3_422, conflicts: 0 }
    })
    const skipped = (await load('')).json
    t.match(skipped, { users: { imported: 0, conflicts: 1 }, urls: { imported: 0, conflicts: rows.length } })
    t.match(skipped.users.warnings, [
      { line: 2, reason: /^id 1 is taken by a different user \(username, email/ }
    ])
  })

  const { request } = await startApp(t, { profile })
  const upload = async (name: string, field = 'file') => {
    const form = new FormData()
    form.set(field, new Blob([await readSet(name)], { type: 'text/csv' }), `${name}.csv`)
    return request('POST', `/${name}/bulk`, { body: form })
  }

  t.test('the real set loads whole', async (t) => {
    for (const [name, count] of Object.entries(sizes)) {
      const { status, json } = await upload(name)
      t.equal(status, 201)
      t.match(json, { count, imported: count, skipped: 0, rejected: 0, errors: [] }, name)
      const list = await request('GET', `/${name}`)
      t.equal(list.json.length, count)
      t.equal(list.headers.get('x-total-count'), String(count))
    }
    const types = async (type: string) => (await request('GET', `/events?event_type=${type}`)).json.length
    t.same([await types('created'), await types('updated'), await types('deleted')], [2_000, 1_206, 216])
  })

  t.test('the second time it changes nothing, and says so', async (t) => {
    for (const [name, count] of Object.entries(sizes)) {
      const before = (await request('GET', `/${name}`)).text
      const { status, json } = await upload(name)
      t.equal(status, 201)
      t.match(json, { count, imported: 0, skipped: count, rejected: 0 }, name)
      t.equal((await request('GET', `/${name}`)).text, before)
    }
  })

  t.test('exports the same bytes', async (t) => {
    for (const name of Object.keys(sizes)) {
      const { status, headers, text } = await request('GET', `/${name}/bulk`)
      t.equal(status, 200)
      t.equal(headers.get('content-type'), 'text/csv; charset=utf-8')
      t.equal(headers.get('content-disposition'), `attachment; filename="${name}.csv"`)
      t.ok(text === (await readSet(name)).toString(), name)
    }
    const guarded = await request('GET', '/users/bulk?for=spreadsheet')
    t.match(guarded.text, /^id,username,email,created_at,spreadsheet_safe\n/)
    isProblem(t, await request('GET', '/users/bulk?for=fun'), 422)
  })

  t.test('later inserts take ids past those of the set', async (t) => {
    const user = await request('POST', '/users', { json: { username: 'late', email: 'late@example.com' } })
    t.equal(user.json.id, sizes.users + 1)
    const url = await request('POST', '/urls', { json: { original_url: 'https://example.com' } })
    t.equal(url.status, 201)
    t.ok(url.json.id > sizes.urls)
  })

  t.test('its codes redirect unless switched off', async (t) => {
    const { json: urls } = await request('GET', '/urls?per_page=60')
    for (const { short_code, original_url, is_active } of urls) {
      const { status, headers } = await request('GET', `/${short_code}`)
      t.equal(status, is_active ? 302 : 404)
      if (is_active) t.equal(headers.get('location'), original_url)
    }
  })

  t.test('a code of digits is a code, and never an id', async (t) => {
    const csv = `id,user_id,short_code,original_url,title,is_active,created_at,updated_at
528280,1,528279,https://acme.dev/digits,Digits,True,2025-06-04 00:07:00,2025-06-04 00:07:00`
    await request('POST', '/urls/bulk', { body: csv, headers: { 'content-type': 'text/csv' } })
    t.equal((await request('GET', '/528279')).headers.get('location'), 'https://acme.dev/digits')
    isProblem(t, await request('GET', '/urls/528279'), 404)
    t.equal((await request('GET', '/urls/528280')).json.short_code, '528279')
  })

  t.test('its duplicates are kept, and a third is refused until the last of them is deleted', async (t) => {
    const { json: users } = await request('GET', '/users')
    const byEmail = Map.groupBy(users as { id: number; email: string }[], ({ email }) => email.toLowerCase())
    const [email, twins] = [...byEmail].find(([, holders]) => holders.length > 1) ?? ['', []]
    t.ok(twins.length > 1, 'the set has twins')
    const third = { username: 'third', email }
    for (const { id } of twins) {
      isProblem(t, await request('POST', '/users', { json: third }), 409, 'email')
      t.equal((await request('DELETE', `/users/${id}`)).status, 204)
    }
    t.equal((await request('POST', '/users', { json: third })).status, 201)
  })

  t.test('takes text/csv and JSON too, and reports each row it can not read', async (t) => {
    const rows = [
      'id,username,email,created_at',
      '9001,one,one@example.com,2025-06-04 00:07:00',
      '9002,two',
      'x,y,z,w'
    ]
    const csv = await request('POST', '/users/bulk', {
      body: rows.join('\n'),
      headers: { 'content-type': 'text/csv' }
    })
    t.equal(csv.status, 201)
    t.match(csv.json, { count: 3, imported: 1, rejected: 2, errors: [{ line: 3 }, { line: 4 }] })
    t.ok(csv.json.errors.every(({ reason }: { reason: string }) => reason.length > 0))
    const json = [
      { id: 9003, username: 'three', email: 'three@example.com', created_at: '2025-06-04 00:07:00' }
    ]
    t.match((await request('POST', '/users/bulk', { json })).json, { count: 1, imported: 1 })
    t.match((await request('GET', '/users/9001')).json, {
      username: 'one',
      created_at: '2025-06-04T00:07:00'
    })
  })

  t.test('refuses files that are not a set', async (t) => {
    isProblem(t, await upload('users', 'other'), 422, 'file')
    isProblem(t, await request('POST', '/urls/bulk', { json: { id: 1 } }), 400)
    isProblem(
      t,
      await request('POST', '/urls/bulk', { body: 'a', headers: { 'content-type': 'text/plain' } }),
      415
    )
    isProblem(t, await request('POST', '/events/bulk'), 415)
  })
})
