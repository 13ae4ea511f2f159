import t, { type Test } from 'tap'
import {
  type Api,
  clicksOf,
  createUrl,
  createUser,
  isProblem,
  listEvents,
  served,
  unique
} from './subject.ts'

/** The wire contract's list of behaviour, one row per sentence. The CSV files have separate suites. */

const JSON_TYPE = { 'content-type': 'application/json' }
const original_url = 'https://example.com/'
const utf8 = (text: string) => new TextEncoder().encode(text)

const BEHAVIOUR: Record<string, (t: Test, api: Api) => Promise<void>> = {
  async 'changes of a url write events, each redirect given one click'(t, api) {
    const { id, short_code } = await createUrl(api, { original_url })
    await api('GET', `/${short_code}`)
    await api('PUT', `/urls/${id}`, { json: { title: 'B', is_active: false } })
    await api('GET', `/${short_code}`)
    await api('DELETE', `/urls/${id}`)
    await clicksOf(api, id, 1)
    const events = await listEvents(api, `url_id=${id}`)
    const details = (type: string) =>
      events.filter(({ event_type }) => event_type === type).map((event) => event.details)
    t.same(details('created'), [{ short_code, original_url }])
    t.same(new Set(details('updated').map(({ field }) => field)), new Set(['title', 'is_active']))
    t.match(details('deleted'), [{ reason: String }])
    t.match(details('click'), [{ short_code }])
    t.equal(details('click').length, 1)
  },
  async 'unknown, inactive and deleted codes are 404, past an expiry 410'(t, api) {
    isProblem(t, await api('GET', `/${unique()}`), 404)
    const { id, short_code } = await createUrl(api)
    await api('PUT', `/urls/${id}`, { json: { is_active: false } })
    isProblem(t, await api('GET', `/${short_code}`), 404)
    await api('DELETE', `/urls/${id}`)
    isProblem(t, await api('GET', `/${short_code}`), 404)
    isProblem(t, await api('GET', `/urls/${id}`), 404)
    const ended = await createUrl(api, { expires_at: '2020-01-01T00:00:00' })
    isProblem(t, await api('GET', `/${ended.short_code}`), 410)
  },
  async 'unknown ids in a body are 404, duplicates 409'(t, api) {
    const unknown = 999_999_999_999
    for (const [path, json] of [
      ['/urls', { original_url, user_id: unknown }],
      ['/shorten', { url: original_url, user_id: unknown }],
      ['/events', { url_id: unknown, event_type: 'seen' }]
    ] as const)
      isProblem(t, await api('POST', path, { json }), 404)
    const user = await createUser(api)
    const other = await createUser(api)
    const draft = { username: unique(), email: `${unique()}@example.com` }
    for (const taken of [{ username: user.username }, { email: user.email }]) {
      isProblem(t, await api('POST', '/users', { json: { ...draft, ...taken } }), 409)
      isProblem(t, await api('PUT', `/users/${other.id}`, { json: taken }), 409)
    }
    const { short_code } = await createUrl(api)
    isProblem(t, await api('POST', '/urls', { json: { original_url, short_code } }), 409)
  },
  async 'a body that is no JSON object, or no UTF-8, is 400'(t, api) {
    const latin1 = new Uint8Array([...utf8(`{"original_url":"${original_url}","title":"`), 0xe9, 0x22, 0x7d])
    const halves = [...utf8(`{"original_url":"${original_url}","title":"`), 0xed, 0xa0, 0x80, 0x22, 0x7d]
    for (const body of ['{', '[]', '"a"', 'null', latin1, new Uint8Array(halves)])
      isProblem(t, await api('POST', '/urls', { headers: JSON_TYPE, body }), 400)
    for (const trick of ['"__proto__":{"a":1}', '"constructor":{"prototype":{}}']) {
      const answer = await api('POST', '/urls', { headers: JSON_TYPE, body: `{${trick}}` })
      isProblem(t, answer, 400)
      t.match(answer.json.error, /__proto__/, 'it is JSON')
    }
    for (const query of ['q=%ff', 'q=%e9', 'q=%ed%a0%80', 'q=%'])
      isProblem(t, await api('GET', `/urls?${query}`), 400)
  },
  async 'another content type, charset or content encoding is 415'(t, api) {
    const body = utf8(JSON.stringify({ original_url }))
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/json; charset=latin1' },
      { 'content-type': 'application/json;charset="UTF-16"' },
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
      { ...JSON_TYPE, 'content-encoding': 'identity, br' }
    ])
      isProblem(t, await api('POST', '/urls', { headers, body }), 415)
    const csv = { 'content-type': 'text/csv', 'content-encoding': 'gzip' }
    isProblem(t, await api('POST', '/urls/bulk', { headers: csv, body }), 415)
    const latin1 = { 'content-type': 'text/csv; charset=iso-8859-1' }
    isProblem(t, await api('POST', '/urls/bulk', { headers: latin1, body }), 415)
    for (const headers of [
      { 'content-type': 'application/json; charset="utf-8"' },
      { ...JSON_TYPE, 'content-encoding': 'identity' }
    ])
      t.equal((await api('POST', '/urls', { headers, body })).status, 201)
  },
  async 'a field that is missing, of another type, too long, or no URL is 422'(t, api) {
    for (const [path, json, blamed] of [
      ['/users', { email: 'a@example.com' }, 'username'],
      ['/users', { username: 5, email: 'a@example.com' }, 'username'],
      ['/urls', { original_url: true }, 'original_url'],
      ['/urls', { original_url: 'example.com' }, 'original_url'],
      ['/urls', { original_url, title: 'x'.repeat(10_000) }, 'title'],
      ['/urls', { original_url, is_active: 'true' }, 'is_active'],
      ['/shorten', { url: 'ftp://example.com' }, 'url'],
      ['/events', { url_id: 1, event_type: 'seen', details: [] }, 'details'],
      ['/events', { url_id: 1, event_type: 'seen', details: 'text' }, 'details']
    ] as const)
      isProblem(t, await api('POST', path, { json }), 422, blamed)
  },
  async 'a name without a visible character is 422'(t, api) {
    const { id: url_id } = await createUrl(api)
    const user = () => ({ email: `${unique()}@example.com` })
    for (const blank of [
      ' ',
      '\u00a0',
      '\u200b',
      '\u2060\u200d',
      '\ufeff',
      '\u00ad',
      '\u3164',
      '\u2800',
      '\u{e0020}'
    ]) {
      isProblem(t, await api('POST', '/users', { json: { ...user(), username: blank } }), 422, 'username')
      isProblem(t, await api('POST', '/events', { json: { url_id, event_type: blank } }), 422, 'event_type')
    }
    for (const seen of ['é', '🎉', '日本', 'ا', ' a\u200b'])
      t.equal((await api('POST', '/events', { json: { url_id, event_type: seen } })).status, 201, seen)
  },
  async 'a path id that is no positive integer is 404, an unknown method 405 with Allow'(t, api) {
    for (const id of ['0', '-1', 'x', '1.5']) isProblem(t, await api('GET', `/users/${id}`), 404)
    for (const [method, path, allow] of [
      ['PATCH', '/users', 'GET, HEAD, POST'],
      ['GET', '/shorten', 'POST'],
      ['GET', '/shorten/', 'POST'],
      ['HEAD', '/shorten', 'POST'],
      ['PUT', '/shorten', 'POST'],
      ['GET', '/users/1/erasure', 'POST']
    ] as const) {
      const answer = await api(method, path)
      t.match([answer.status, answer.headers.get('allow')], [405, allow], `${method} ${path}`)
    }
    const { paths } = (await api('GET', '/openapi.json')).json
    for (const path of Object.keys(paths).filter((one) => /^\/[\w-]+$/.test(one)))
      t.not((await api('GET', path)).json?.code, 'LINK_UNKNOWN', `${path} is no short code`)
  },
  async 'an unknown query parameter is 422 on every route of the API, and names the nearest'(t, api) {
    const { paths } = (await api('GET', '/openapi.json')).json
    const free = /^(?!.*\/qr$)\/(health|s\/|\{short_code\}|urls\/\{short_code\}|session\/oidc\/callback)/
    for (const [path, methods] of Object.entries(paths))
      for (const method of Object.keys(methods as object)) {
        const answer = await api(method.toUpperCase(), `${path.replaceAll(/\{\w+\}/g, '1')}?serach=1`)
        if (free.test(path)) t.not(answer.status, 422, `${method} ${path}`)
        else isProblem(t, answer, 422, 'serach')
      }
    for (const [query, message] of [
      ['perpage=5', /did you mean per_page/],
      ['IS_ACTIVE=true', /did you mean is_active/],
      ['search=x', /there is page, per_page, user_id, is_active, short_code, q/]
    ] as const)
      t.match((await api('GET', `/urls?${query}`)).json.error, message)
  },
  async 'an unknown field, and a read-only one that differs, are accepted and named in warnings'(t, api) {
    const { json: url, ...made } = await api('POST', '/urls', {
      json: { original_url, id: 1, tilte: 'A', short_url: 'x', updated_at: '2001-01-01T00:00:00' }
    })
    t.equal(made.status, 201)
    t.match(url.warnings, [
      /^id is read-only/,
      /^tilte .* did you mean title\?/,
      /^short_url /,
      /^updated_at /
    ])
    const path = `/urls/${url.id}`
    const { json: read } = await api('GET', path)
    t.notOk('warnings' in read)
    const changed = await api('PUT', path, { json: { ...read, title: 'A' } })
    t.notOk('warnings' in changed.json, 'a client may send back what it read')
    const json = { state: 'x', id: 7, original_url: 'https://аррӏе.example/' }
    t.match((await api('PUT', path, { json })).json.warnings, [/Latin/, /^state /, /^id /])
    const user = await createUser(api)
    for (const [method, path, json] of [
      ['POST', '/users', { username: unique(), email: `${unique()}@example.com` }],
      ['PUT', `/users/${user.id}`, {}],
      ['PATCH', `/urls/${url.id}`, {}],
      ['POST', '/shorten', { url: original_url }],
      ['POST', '/events', { url_id: url.id, event_type: 'seen' }]
    ] as const) {
      const answer = await api(method, path, { json: { ...json, surprise: 1 } })
      t.match(answer.json.warnings, [/^surprise is not a field/], `${method} ${path}`)
    }
  },
  async 'every error is a problem, with the headers of all answers'(t, api) {
    for (const [method, path] of [
      ['GET', '/users/0'],
      ['GET', `/${unique()}`],
      ['GET', `/s/${unique()}`],
      ['GET', `/urls/${unique()}/redirect`],
      ['GET', '/no/such/path'],
      ['GET', '/%ff'],
      ['PATCH', '/users'],
      ['POST', '/users']
    ] as const) {
      const answer = await api(method, path, { headers: { accept: 'application/json' } })
      isProblem(t, answer, answer.status)
      const { headers } = answer
      const { request_id } = answer.json
      t.equal(headers.get('x-request-id'), request_id, `${method} ${path}`)
      t.match([headers.get('x-content-type-options'), headers.get('cache-control')], ['nosniff', 'no-store'])
    }
  },
  async 'deleting a user keeps its urls, unless cascade'(t, api) {
    for (const [query, status] of [
      ['', 200],
      ['?cascade=true', 404]
    ] as const) {
      const user = await createUser(api)
      const url = await createUrl(api, { user_id: user.id })
      await api('DELETE', `/users/${user.id}${query}`)
      const found = await api('GET', `/urls/${url.id}`)
      t.equal(found.status, status)
      if (status === 200) t.equal(found.json.user_id, null)
      t.ok((await listEvents(api, `url_id=${url.id}`)).length > 0)
    }
  }
}

served(t, async (t, api) => {
  for (const [line, check] of Object.entries(BEHAVIOUR)) t.test(line, (t) => check(t, api))
})
