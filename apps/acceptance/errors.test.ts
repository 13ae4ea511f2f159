import t from 'tap'
import { createUrl, createUser, isProblem, served, unique } from './subject.ts'

const json = { 'content-type': 'application/json' }

served(t, async (t, api) => {
  t.test('a body that is not JSON, or not an object, is 400', async (t) => {
    const bodies = [
      '{',
      '{"username": }',
      'username=a',
      '[]',
      '[{}]',
      '"text"',
      '5',
      'true',
      'null',
      '\u0000',
      ''
    ]
    const { id } = await createUser(api)
    const url = await createUrl(api)
    const takers = [
      ['POST', '/users'],
      ['PUT', `/users/${id}`],
      ['POST', '/urls'],
      ['PUT', `/urls/${url.id}`],
      ['POST', '/shorten'],
      ['POST', '/events']
    ] as const
    for (const [method, path] of takers) {
      for (const body of bodies) {
        t.comment(method, path, JSON.stringify(body))
        isProblem(t, await api(method, path, { headers: json, body }), 400)
      }
      isProblem(t, await api(method, path), 400)
    }
  })

  t.test('members with the names of prototypes are 400, and change no prototype', async (t) => {
    const { id: url_id } = await createUrl(api)
    for (const trick of ['"__proto__": {"polluted": 1}', '"constructor": {"prototype": {"polluted": 1}}']) {
      for (const body of [
        `{"url_id": ${url_id}, "event_type": "seen", ${trick}}`,
        `{"url_id": ${url_id}, "event_type": "seen", "details": {${trick}}}`
      ]) {
        isProblem(t, await api('POST', '/events', { headers: json, body }), 400)
      }
    }
    t.notOk('polluted' in {})
  })

  t.test('unbounded nesting is refused', async (t) => {
    const { id: url_id } = await createUrl(api)
    for (const depth of [100, 10_000, 100_000]) {
      const details = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
      const body = `{"url_id": ${url_id}, "event_type": "seen", "details": ${details}}`
      const answer = await api('POST', '/events', { headers: json, body })
      isProblem(t, answer, answer.status === 400 ? 400 : 422)
    }
    const lists = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    isProblem(t, await api('POST', '/users', { headers: json, body: lists }), 400)
  })

  t.test('a content type that the route does not take is 415', async (t) => {
    const body = JSON.stringify({ username: unique(), email: `${unique()}@example.com` })
    for (const type of [
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'x',
      '*/*',
      'json'
    ]) {
      isProblem(t, await api('POST', '/users', { headers: { 'content-type': type }, body }), 415)
    }
    isProblem(t, await api('POST', '/users', { body: new TextEncoder().encode(body) }), 415)
    const form = new FormData()
    form.set('username', 'a')
    isProblem(t, await api('POST', '/users', { body: form }), 415)
  })

  t.test('JSON may name its charset, and its type in capitals', async (t) => {
    for (const type of [
      'application/json; charset=utf-8',
      'Application/JSON',
      'application/json;charset=UTF-8'
    ]) {
      const body = JSON.stringify({ username: unique('ü'), email: `${unique()}@example.com` })
      const answer = await api('POST', '/users', { headers: { 'content-type': type }, body })
      t.equal(answer.status, 201, type)
      t.match(answer.json.username, /^ü/)
    }
  })

  t.test('a body that is too large is 413', async (t) => {
    const body = JSON.stringify({ username: 'x'.repeat(1_048_576), email: 'a@example.com' })
    isProblem(t, await api('POST', '/users', { headers: json, body }), 413)
    const fits = JSON.stringify({ username: 'x'.repeat(1_000_000), email: 'a@example.com' })
    isProblem(t, await api('POST', '/users', { headers: json, body: fits }), 422, 'username')
  })

  t.test('a path id that is not a positive integer is 404', async (t) => {
    const user = await createUser(api)
    const [first] = (await api('GET', '/users?per_page=1')).json
    const ids = [
      '0',
      '-1',
      '1.5',
      'abc',
      '%00',
      '1%00',
      '9007199254740993',
      '9'.repeat(40),
      'NaN',
      'null',
      '%F0%9F%8E%89'
    ]
    // Strings that JavaScript would convert to numbers.
    ids.push('0x1', `${first.id}.0`, `${first.id}e0`, `%20${first.id}`, `+${first.id}`, 'true', '-0')
    for (const id of ids) {
      for (const path of ['/users', '/urls', '/events']) {
        t.comment(`${path}/${id}`)
        isProblem(t, await api('GET', `${path}/${id}`), 404)
      }
      isProblem(t, await api('PUT', `/users/${id}`, { json: { username: unique() } }), 404)
      isProblem(t, await api('DELETE', `/urls/${id}`), 404)
    }
    t.equal((await api('GET', `/users/${user.id}`)).status, 200)
  })

  t.test('an unknown path is 404', async (t) => {
    for (const path of [
      '/no/such/path',
      '/users/1/posts',
      '/events/1/2',
      '/urls/bulk/x',
      '/%C3%A9/x',
      '/a/b/c/d'
    ]) {
      isProblem(t, await api('GET', path), 404)
      isProblem(t, await api('POST', path, { json: {} }), 404)
    }
    const page = await api('GET', '/no/such/path', { headers: { accept: 'text/html' } })
    t.notMatch(page.headers.get('content-type'), /html/, 'no page of HTML')
  })

  t.test('a method that the path does not take is 405, and Allow says which it takes', async (t) => {
    const { id } = await createUser(api)
    const url = await createUrl(api)
    for (const [path, allowed, ...refused] of [
      ['/users', 'GET, HEAD, POST', 'PUT', 'DELETE', 'PATCH'],
      [`/users/${id}`, 'DELETE, GET, HEAD, PUT', 'POST', 'PATCH'],
      ['/urls', 'GET, HEAD, POST', 'PUT', 'DELETE', 'PATCH'],
      [`/urls/${url.id}`, 'DELETE, GET, HEAD, PATCH, PUT', 'POST'],
      [`/urls/${url.id}/restore`, 'POST', 'PUT', 'DELETE'],
      ['/shorten', 'POST', 'PUT', 'DELETE'],
      ['/events', 'GET, HEAD, POST', 'PUT', 'DELETE'],
      ['/events/1', 'GET, HEAD', 'PUT', 'DELETE', 'POST'],
      ['/health', 'GET, HEAD', 'POST', 'DELETE'],
      [`/${url.short_code}`, 'GET, HEAD', 'POST', 'PUT', 'DELETE'],
      [`/urls/${url.short_code}/redirect`, 'GET, HEAD', 'POST']
    ] as const) {
      for (const method of refused) {
        const answer = await api(method, path, { json: {} })
        t.comment(method, path)
        isProblem(t, answer, 405)
        t.equal(answer.headers.get('allow'), allowed, `${method} ${path}`)
      }
    }
    t.equal((await api('GET', `/users/${id}`)).status, 200, 'and does nothing')
  })

  t.test('a trailing slash changes nothing', async (t) => {
    const name = unique()
    const user = await api('POST', '/users/', { json: { username: name, email: `${name}@example.com` } })
    t.equal(user.status, 201)
    const { id } = user.json
    const url = await api('POST', '/urls/', { json: { original_url: 'https://example.com' } })
    t.equal(url.status, 201)
    t.equal((await api('POST', '/shorten/', { json: { url: 'https://example.com' } })).status, 201)
    for (const path of [
      '/users/',
      `/users/${id}/`,
      '/urls/',
      `/urls/${url.json.id}/`,
      '/events/',
      '/health/'
    ]) {
      t.equal((await api('GET', path)).status, 200, path)
    }
    t.equal((await api('GET', `/${url.json.short_code}/`)).status, 302)
    t.equal((await api('PUT', `/users/${id}/`, { json: {} })).status, 200)
    t.equal((await api('GET', '/users/?per_page=1')).json.length, 1)
    isProblem(t, await api('PATCH', '/users/', { json: {} }), 405)
    t.equal((await api('DELETE', `/users/${id}/`)).status, 204)
  })

  t.test('HEAD answers as GET does, without the body', async (t) => {
    const { id } = await createUser(api)
    for (const path of ['/users', `/users/${id}`, '/urls', '/events', '/health']) {
      const [head, get] = [await api('HEAD', path), await api('GET', path)]
      t.equal(head.status, 200, path)
      t.equal(head.text, '')
      t.equal(head.headers.get('content-type'), get.headers.get('content-type'))
      t.equal(head.headers.get('x-total-count'), get.headers.get('x-total-count'))
    }
    for (const path of ['/users/999999999999', '/no/such/path']) {
      const head = await api('HEAD', path)
      t.equal(head.status, 404)
      t.equal(head.text, '')
    }
  })

  t.test("a request keeps the client's id, or gets one", async (t) => {
    const sent = `trace-${unique()}`
    const ask = (id: string, path = '/health') => api('GET', path, { headers: { 'x-request-id': id } })
    t.equal((await ask(sent)).headers.get('x-request-id'), sent)
    const lost = await ask(sent, '/users/0')
    isProblem(t, lost, 404)
    t.equal(lost.json.request_id, sent)
    for (const odd of ['with space', 'x'.repeat(200), '<script>', '"quoted"', '']) {
      const got = (await ask(odd)).headers.get('x-request-id')
      t.ok(got && got !== odd, JSON.stringify(odd))
    }
    const [one, other] = [await api('GET', '/health'), await api('GET', '/health')]
    t.not(one.headers.get('x-request-id'), other.headers.get('x-request-id'))
  })

  t.test('an error never repeats the query, which may be private', async (t) => {
    const answer = await api('GET', '/users/0?token=secret')
    isProblem(t, answer, 422, 'token')
    t.equal(answer.json.instance, '/users/0')
    t.notMatch(answer.text, /secret/)
    const lost = await api('GET', '/no/such/path?token=secret')
    isProblem(t, lost, 404)
    t.equal(lost.json.instance, '/no/such/path')
    t.notMatch(lost.text, /secret/)
  })

  t.test('an empty body with a content type is no body', async (t) => {
    const { id } = await createUser(api)
    t.equal((await api('GET', `/users/${id}`, { headers: json })).status, 200)
    t.equal((await api('DELETE', `/users/${id}`, { headers: json })).status, 204)
    const other = await createUser(api)
    t.equal((await api('DELETE', `/users/${other.id}`, { json: [] })).status, 204, 'or an empty list')
  })
})
