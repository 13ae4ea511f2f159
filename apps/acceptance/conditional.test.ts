import t from 'tap'
import {
  type Api,
  createUrl,
  createUser,
  isProblem,
  listEvents,
  servedInEachMode,
  unique
} from './subject.ts'

/** Entity tags and conditional requests of links and users (RFC 9110, section 13). */

const STRONG = /^"[\w-]+\.[\w-]+"$/

servedInEachMode(t, async (t, api) => {
  const tagOf = async (path: string) => String((await api('GET', path)).headers.get('etag'))
  const ask = (method: string, path: string, headers: Record<string, string>, json?: unknown) =>
    api(method, path, { headers, ...(json !== undefined && { json }) })

  /** Creates a link and returns its path. */
  const makeUrl = async () => `/urls/${(await createUrl(api)).id}`
  const KINDS: [kind: string, make: () => Promise<string>, change: () => Record<string, string>][] = [
    ['link', makeUrl, () => ({ title: unique() })],
    ['user', async () => `/users/${(await createUser(api)).id}`, () => ({ username: unique() })]
  ]

  for (const [kind, make, change] of KINDS) {
    t.test(`a ${kind} has a strong tag, which changes with it and with nothing else`, async (t) => {
      const path = await make()
      const first = await tagOf(path)
      t.match(first, STRONG)
      t.equal(await tagOf(path), first)
      t.equal((await api('HEAD', path)).headers.get('etag'), first)
      const changed = await api('PUT', path, { json: change() })
      t.match(changed, { status: 200 })
      t.not(changed.headers.get('etag'), first)
      t.equal(changed.headers.get('etag'), await tagOf(path))
      const again = await api('PUT', path, { json: { ...changed.json, surprise: 1 } })
      t.match(again.json.warnings, [/surprise/])
      t.equal(again.headers.get('etag'), await tagOf(path), 'nothing changed, and warnings do not count')
    })

    t.test(`a read of an unchanged ${kind} is 304 without a body`, async (t) => {
      const path = await make()
      const tag = await tagOf(path)
      for (const method of ['GET', 'HEAD'])
        for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
          const answer = await ask(method, path, { 'if-none-match': known })
          t.match(
            [answer.status, answer.text, answer.headers.get('etag')],
            [304, '', tag],
            `${method} ${known}`
          )
          t.equal(answer.headers.get('content-type'), null)
          if (method === 'GET') t.equal(answer.headers.get('content-length'), null)
        }
      for (const known of ['"other"', tag.slice(1, -1), '', 'W/', '"', tag.replace('.', '')])
        t.equal((await ask('GET', path, { 'if-none-match': known })).status, 200, known)
      await api('PUT', path, { json: change() })
      t.match(await ask('GET', path, { 'if-none-match': tag }), { status: 200, json: { id: Number } })
    })

    t.test(`a change of another version of a ${kind} is refused and does nothing`, async (t) => {
      const path = await make()
      const old = await tagOf(path)
      const { json: current, headers } = await api('PUT', path, { json: change() })
      const tag = String(headers.get('etag'))
      const methods = kind === 'link' ? ['PUT', 'PATCH', 'DELETE'] : ['PUT', 'DELETE']
      const conditions = [old, `W/${tag}`, '"other"', '', tag.slice(1, -1)].map((one) => ({
        'if-match': one
      }))
      for (const method of methods)
        for (const condition of [...conditions, { 'if-none-match': '*' }, { 'if-none-match': tag }]) {
          const answer = await ask(method, path, condition as Record<string, string>, change())
          isProblem(t, answer, 412)
          t.match([answer.json.code, answer.headers.get('etag')], ['PRECONDITION_FAILED', tag])
        }
      t.same((await api('GET', path)).json, current)
      isProblem(t, await ask('GET', path, { 'if-match': old }), 412)
      t.equal((await ask('GET', path, { 'if-match': tag })).status, 200)

      const changed = await ask('PUT', path, { 'if-match': `"other", ${tag}` }, change())
      t.equal(changed.status, 200)
      const repeated = await ask('PUT', path, { 'if-match': tag }, changed.json)
      t.match(repeated, { status: 200, json: changed.json }, 'a repeated change may succeed')
      t.equal(repeated.headers.get('etag'), changed.headers.get('etag'))
      t.equal((await ask('DELETE', path, { 'if-match': '*' })).status, 204)
      isProblem(t, await ask('DELETE', path, { 'if-match': '*' }), 404)
    })

    t.test(`a tag of another release fits a change of a ${kind}, but not its representation`, async (t) => {
      const path = await make()
      const other = (await tagOf(path)).replace(/\.[^"]+/, '.other')
      t.equal((await ask('GET', path, { 'if-none-match': other })).status, 200)
      t.equal((await ask('PUT', path, { 'if-match': other }, change())).status, 200)
      isProblem(t, await ask('PUT', path, { 'if-match': other }, change()), 412)
    })

    t.test(`of changes of one version of a ${kind} at once, one succeeds`, async (t) => {
      const path = await make()
      const condition = { 'if-match': await tagOf(path) }
      const drafts = Array.from({ length: 10 }, change)
      const answers = await Promise.all(drafts.map((json) => ask('PUT', path, condition, json)))
      t.same(answers.map(({ status }) => status).sort(), [200, ...Array(9).fill(412)])
      const { json, headers } = answers.find(({ status }) => status === 200) ?? { headers: new Headers() }
      t.same((await api('GET', path)).json, json)
      t.equal(await tagOf(path), headers.get('etag'))
    })
  }

  t.test('a created record has the tag that reads have, also in a repeated answer', async (t) => {
    const name = unique()
    for (const [path, json] of [
      ['/urls', { original_url: 'https://example.com' }],
      ['/shorten', { url: 'https://example.com' }],
      ['/users', { username: name, email: `${name}@example.com` }]
    ] as const) {
      const headers = { 'idempotency-key': unique() }
      const made = await api('POST', path, { json, headers })
      const tag = made.headers.get('etag')
      t.match(tag, STRONG, path)
      t.equal((await api('POST', path, { json, headers })).headers.get('etag'), tag, path)
      t.equal(await tagOf(`/${path === '/users' ? 'users' : 'urls'}/${made.json.id}`), tag, path)
    }
  })

  t.test('an invalid change is refused before its condition', async (t) => {
    const path = await makeUrl()
    const stale = { 'if-match': '"other"' }
    isProblem(t, await ask('PATCH', path, stale, { title: 5 }), 422, 'title')
    isProblem(t, await ask('PATCH', path, stale, { original_url: 'https://me:pw@example.com' }), 422)
    isProblem(t, await ask('PATCH', '/urls/999999999999', stale, { title: 'A' }), 404)
  })

  t.test('a link that loses its owner gets another tag', async (t) => {
    const { id: user_id } = await createUser(api)
    const path = `/urls/${(await createUrl(api, { user_id })).id}`
    const tag = await tagOf(path)
    await api('DELETE', `/users/${user_id}`)
    t.match(await ask('GET', path, { 'if-none-match': tag }), { status: 200, json: { user_id: null } })
  })

  t.test('a long link keeps its strong tag for clients that accept compression', async (t) => {
    const { id } = await createUrl(api, { note: 'a '.repeat(1_000) })
    const answer = await ask('GET', `/urls/${id}`, { 'accept-encoding': 'gzip' })
    t.match([answer.headers.get('etag'), answer.headers.get('content-encoding')], [STRONG, null])
  })

  t.test('PATCH changes what PUT changes', async (t) => {
    const path = await makeUrl()
    const json = { title: 'A', note: 'B', is_active: false }
    const changed = await api('PATCH', path, { json })
    t.match(changed, { status: 200, json })
    t.same((await api('GET', path)).json, changed.json)
    t.equal((await updates(api, changed.json.id)).length, 3)
  })
})

const updates = (api: Api, id: number) => listEvents(api, `url_id=${id}&event_type=updated`)
