import t, { type Test } from 'tap'
import { type Api, clicksOf, createUrl, createUser, isProblem, served, unique } from './subject.ts'

/** The wire contract's table of routes, one row per line. */

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/
const target = () => `https://example.com/${unique()}`
const draftOfUser = () => ({ username: unique('u'), email: `${unique('u')}@example.com` })
const idOf = ({ id }: { id: number }) => id

/** Asserts that `path` returns a plain array with its total, and pages on request. */
async function isList(t: Test, api: Api, path: string): Promise<void> {
  const all = await api('GET', path)
  t.equal(all.status, 200)
  t.same(
    all.json.map(idOf),
    all.json.map(idOf).sort((a: number, b: number) => a - b),
    'ordered by id'
  )
  t.equal(all.headers.get('x-total-count'), String(all.json.length))
  const page = await api('GET', `${path}?page=2&per_page=1`)
  t.same(page.json.map(idOf), [all.json[1].id])
  t.equal(page.headers.get('x-total-count'), String(all.json.length))
  t.match(page.headers.get('link'), /page=1&per_page=1>; rel="prev"/)
}

/** Asserts that the three forms of an import work: a form, CSV and a JSON array. */
async function isImported(
  t: Test,
  api: Api,
  kind: string,
  row: () => Record<string, unknown>
): Promise<void> {
  const rows = [row(), row(), row()] as const
  const csv = (one: object) =>
    `${Object.keys(one)}\n${Object.values(one).map((cell) => `"${String(cell).replaceAll('"', '""')}"`)}\n`
  const form = new FormData()
  form.set('file', new Blob([csv(rows[0])]), `${kind}.csv`)
  for (const options of [
    { body: form },
    { body: csv(rows[1]), headers: { 'content-type': 'text/csv' } },
    {
      json: [{ ...rows[2], ...('details' in rows[2] && { details: JSON.parse(String(rows[2]['details'])) }) }]
    }
  ])
    t.match(await api('POST', `/${kind}/bulk`, options), { status: 201, json: { count: 1, imported: 1 } })
}

/** Ids that no other row of the suite has. */
let nextId = 5_000_000
const time = '2025-06-04 00:07:00'

const ROUTES: Record<string, (t: Test, api: Api) => Promise<void>> = {
  async 'GET /health'(t, api) {
    t.match(await api('GET', '/health'), { status: 200, json: { status: 'ok' } })
    for (const path of ['/health/live', '/health/ready']) t.equal((await api('GET', path)).status, 200)
  },
  async 'POST /users/bulk'(t, api) {
    await isImported(t, api, 'users', () => ({ id: nextId++, ...draftOfUser(), created_at: time }))
  },
  async 'GET /users'(t, api) {
    await createUser(api)
    await createUser(api)
    await isList(t, api, '/users')
  },
  async 'GET /users/:id, POST /users, PUT /users/:id, DELETE /users/:id'(t, api) {
    const draft = draftOfUser()
    const made = await api('POST', '/users', { json: draft })
    const path = `/users/${made.json.id}`
    t.match(made, { status: 201, json: { id: Number, ...draft, created_at: TIME } })
    t.same(Object.keys(made.json), ['id', 'username', 'email', 'created_at'])
    t.equal(made.headers.get('location'), path)
    t.match(await api('GET', path), { status: 200, json: made.json })
    const { username } = draftOfUser()
    const json = { username }
    t.match(await api('PUT', path, { json }), { status: 200, json: { ...made.json, username } })
    t.match(await api('DELETE', path), { status: 204, text: '' })
  },
  async 'POST /urls'(t, api) {
    const { id: user_id } = await createUser(api)
    const draft = { user_id, original_url: target(), title: 'A', short_code: unique(), is_active: false }
    const made = await api('POST', '/urls', { json: draft })
    t.match(made, { status: 201, json: { ...draft, id: Number, created_at: TIME, updated_at: TIME } })
    t.equal(made.headers.get('location'), `/urls/${made.json.id}`)
    t.match((await api('GET', `/urls/${made.json.id}`)).json, draft)
    isProblem(t, await api('GET', `/${draft.short_code}`), 404)
    const { original_url } = draft
    const [one, other] = [await createUrl(api, { original_url }), await createUrl(api, { original_url })]
    t.match([one.is_active, one.user_id, one.title], [true, null, null])
    t.not(one.id, other.id)
    t.not(one.short_code, other.short_code)
    t.match(await createUrl(api, { short_code: null }), { short_code: /^\w{4,}$/ }, 'null is none')
  },
  async 'POST /shorten'(t, api) {
    for (const name of ['url', 'original_url']) {
      const original_url = target()
      const made = await api('POST', '/shorten', { json: { [name]: original_url } })
      t.match(made, { status: 201, json: { id: Number, short_code: String, original_url } })
      t.ok(made.json.short_url.endsWith(`/${made.json.short_code}`))
      t.equal(made.headers.get('location'), `/urls/${made.json.id}`)
      t.same((await api('GET', `/urls/${made.json.id}`)).json, made.json, 'the url object')
    }
    isProblem(t, await api('POST', '/shorten', { json: {} }), 422, 'url')
    const two = { url: target(), original_url: target() }
    isProblem(t, await api('POST', '/shorten', { json: two }), 422, 'original_url')
  },
  async 'GET /urls'(t, api) {
    const { id: user_id } = await createUser(api)
    const on = await createUrl(api, { user_id, short_code: unique('on') })
    const off = await createUrl(api, { user_id, is_active: false, title: unique('title') })
    await isList(t, api, '/urls')
    for (const [query, found] of [
      [`user_id=${user_id}`, [on, off]],
      [`user_id=${user_id}&is_active=true`, [on]],
      [`user_id=${user_id}&is_active=FALSE`, [off]],
      [`short_code=${on.short_code}`, [on]],
      [`short_code=${on.short_code.slice(0, -1)}`, []],
      [`short_code=${on.short_code.toUpperCase()}`, []],
      [`short_code=${on.short_code}&is_active=false`, []],
      [`q=${off.title}`, [off]]
    ] as const)
      t.same((await api('GET', `/urls?${query}`)).json, found, query)
  },
  async 'GET /urls/:id, PUT /urls/:id, DELETE /urls/:id'(t, api) {
    const { id } = await createUrl(api)
    const change = { title: 'B', original_url: target(), is_active: false }
    t.match(await api('PUT', `/urls/${id}`, { json: change }), { status: 200, json: { id, ...change } })
    t.match(await api('GET', `/urls/${id}`), { status: 200, json: { id, ...change } })
    t.match(await api('DELETE', `/urls/${id}`), { status: 204, text: '' })
  },
  async 'POST /urls/bulk, POST /events/bulk'(t, api) {
    const { id: url_id } = await createUrl(api)
    await isImported(t, api, 'urls', () => ({
      id: nextId++,
      user_id: 1,
      short_code: unique(),
      original_url: target(),
      title: 'A',
      is_active: true,
      created_at: time,
      updated_at: time
    }))
    const event = { url_id, user_id: 1, event_type: 'seen', timestamp: time, details: '{"a":1}' }
    await isImported(t, api, 'events', () => ({ id: nextId++, ...event }))
  },
  async 'GET /events'(t, api) {
    const { id: user_id } = await createUser(api)
    const { id: url_id } = await createUrl(api, { user_id })
    await isList(t, api, '/events')
    await api('POST', '/events', { json: { url_id, event_type: 'seen' } })
    for (const [query, count] of [
      [`url_id=${url_id}`, 2],
      [`user_id=${user_id}`, 1],
      [`url_id=${url_id}&event_type=seen`, 1],
      [`url_id=${url_id}&since=2001-01-01T00:00:00`, 2],
      [`url_id=${url_id}&since=2999-01-01`, 0],
      [`url_id=${url_id}&until=2001-01-01 00:00:00`, 0]
    ] as const)
      t.equal((await api('GET', `/events?${query}`)).json.length, count, query)
  },
  async 'POST /events, GET /events/:id'(t, api) {
    const { id: url_id } = await createUrl(api)
    const draft = { url_id, event_type: 'seen', details: { where: 'here' } }
    const made = await api('POST', '/events', { json: draft })
    t.match(made, { status: 201, json: { id: Number, user_id: null, timestamp: TIME, ...draft } })
    t.equal(made.headers.get('location'), `/events/${made.json.id}`)
    t.match(await api('GET', `/events/${made.json.id}`), { status: 200, json: made.json })
  },
  async 'GET /:short_code, also HEAD; GET /s/:short_code, GET /urls/:short_code/redirect'(t, api) {
    const { id, short_code, original_url } = await createUrl(api, { short_code: `${Date.now()}` })
    for (const path of [`/${short_code}`, `/s/${short_code}`, `/urls/${short_code}/redirect`])
      for (const method of ['GET', 'HEAD']) {
        const answer = await api(method, path)
        t.match([answer.status, answer.headers.get('location'), answer.text], [302, original_url, ''], path)
      }
    t.match((await clicksOf(api, id, 6)).length, 6)
    isProblem(t, await api('GET', `/urls/${short_code}`), 404)
  },
  async 'GET /metrics'(t, api) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await api(method, '/metrics')
      t.equal(answer.status, 200)
      t.match(answer.headers.get('content-type'), /^text\/plain; version=/)
      t.equal(/^process_cpu/m.test(answer.text), method === 'GET')
    }
  },
  async 'a trailing slash on any route is accepted'(t, api) {
    const { paths } = (await api('GET', '/openapi.json')).json
    for (const [path, methods] of Object.entries(paths))
      for (const method of Object.keys(methods as object)) {
        const at = (slash: string) => api(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, '0') + slash)
        t.equal((await at('/')).status, (await at('')).status, `${method} ${path}`)
      }
  }
}

served(t, async (t, api) => {
  for (const [line, check] of Object.entries(ROUTES)) t.test(line, (t) => check(t, api))
})
