import t from 'tap'
import { createUrl, createUser, isProblem, listEvents, servedInEachMode, unique } from './subject.ts'

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/

servedInEachMode(t, async (t, api) => {
  t.test('a created url is answered whole, and reads the same afterwards', async (t) => {
    const user = await createUser(api)
    const draft = {
      user_id: user.id,
      original_url: 'https://acme.dev/harbor/canyon/1',
      title: 'Campaign page'
    }
    const { status, json: url } = await api('POST', '/urls', { json: draft })
    t.equal(status, 201)
    t.match(url, { ...draft, id: Number, is_active: true, created_at: TIME, updated_at: TIME })
    t.match(url.short_code, /^[0-9A-Za-z]{6,}$/)
    t.ok(url.short_url.endsWith(`/${url.short_code}`))
    t.same((await api('GET', `/urls/${url.id}`)).json, url)
  })

  t.test('needs no owner and no title', async (t) => {
    t.match(await createUrl(api), { user_id: null, title: null })
    t.match(await createUrl(api, { user_id: null, title: null }), { user_id: null, title: null })
  })

  t.test('a note is kept, changed with an event, and taken off', async (t) => {
    const note = `Printed on the leaflet 😀\n${unique()}`
    const { id } = await createUrl(api, { note })
    t.equal((await api('GET', `/urls/${id}`)).json.note, note)
    const longest = '😀'.repeat(2_000)
    t.match(await api('PUT', `/urls/${id}`, { json: { note: longest } }), {
      status: 200,
      json: { note: longest }
    })
    t.match(await api('PUT', `/urls/${id}`, { json: { note: null } }), { status: 200, json: { note: null } })
    t.match(
      (await listEvents(api, `url_id=${id}&event_type=updated`)).map(({ details }) => details),
      [longest, null].map((new_value) => ({ field: 'note', new_value }))
    )
    for (const bad of [`${longest}x`, 5, 'a\0'])
      isProblem(t, await api('PUT', `/urls/${id}`, { json: { note: bad } }), 422, 'note')
  })

  t.test('the same target twice gives two urls with two codes', async (t) => {
    const original_url = `https://example.com/${unique()}`
    const [one, other] = [await createUrl(api, { original_url }), await createUrl(api, { original_url })]
    t.not(one.id, other.id)
    t.not(one.short_code, other.short_code)
  })

  t.test('the short form takes a target and gives a code', async (t) => {
    const url = `https://example.com/${unique()}?a=1#b`
    const { status, json } = await api('POST', '/shorten', { json: { url } })
    t.equal(status, 201)
    t.equal(json.original_url, url)
    t.ok(json.short_url.endsWith(`/${json.short_code}`))
    const found = (await api('GET', `/urls?q=${json.short_code}`)).json
    t.match(found, [{ short_code: json.short_code, original_url: url }], 'it is a url like any other')
    t.match(await listEvents(api, `url_id=${found[0].id}`), [{ event_type: 'created' }])
    for (const draft of [{}, { url: 'example.com' }, { url: 5 }, { url: null }]) {
      isProblem(t, await api('POST', '/shorten', { json: draft }), 422, 'url')
    }
  })

  t.test('creating writes a created event', async (t) => {
    const user = await createUser(api)
    const { id, short_code, original_url } = await createUrl(api, { user_id: user.id })
    const events = await listEvents(api, `url_id=${id}`)
    t.match(events, [{ url_id: id, user_id: user.id, event_type: 'created', timestamp: TIME }])
    t.same(events[0].details, { short_code, original_url })
  })

  t.test('an unknown owner is 404, and nothing is created', async (t) => {
    const original_url = `https://example.com/${unique()}`
    isProblem(t, await api('POST', '/urls', { json: { original_url, user_id: 999_999_999_999 } }), 404)
    const { id } = await createUser(api)
    await api('DELETE', `/users/${id}`)
    isProblem(t, await api('POST', '/urls', { json: { original_url, user_id: id } }), 404)
    t.same((await api('GET', `/urls?q=${original_url}`)).json, [])
  })

  t.test('a change takes any of the fields, an updated event for each that differs', async (t) => {
    const user = await createUser(api)
    const url = await createUrl(api, { user_id: user.id })
    const change = { title: 'New', original_url: 'https://example.org/new', is_active: false }
    const changed = await api('PUT', `/urls/${url.id}`, { json: change })
    t.equal(changed.status, 200)
    t.match(changed.json, { ...url, ...change, updated_at: TIME })
    t.same((await api('GET', `/urls/${url.id}`)).json, changed.json)
    const events = await listEvents(api, `url_id=${url.id}&event_type=updated`)
    t.ok(events.every(({ user_id }) => user_id === user.id))
    const told = new Map(events.map(({ details }) => [details.field, details.new_value]))
    t.same(told, new Map(Object.entries(change)))
    t.equal(events.length, 3)

    for (const json of [change, {}, { title: 'New' }]) {
      t.equal((await api('PUT', `/urls/${url.id}`, { json })).status, 200)
    }
    t.equal(
      (await listEvents(api, `url_id=${url.id}&event_type=updated`)).length,
      3,
      'no event for no change'
    )
    t.equal((await api('PUT', `/urls/${url.id}`, { json: { title: null } })).json.title, null)
    t.match((await listEvents(api, `url_id=${url.id}&event_type=updated`)).at(-1), {
      details: { field: 'title', new_value: null }
    })
  })

  t.test('of changes at once each leaves its event, and the last one stays', async (t) => {
    const { id } = await createUrl(api)
    const titles = Array.from({ length: 20 }, (_, at) => `title ${at}`)
    await Promise.all(titles.map((title) => api('PUT', `/urls/${id}`, { json: { title } })))
    const events = await listEvents(api, `url_id=${id}&event_type=updated`)
    t.same(new Set(events.map(({ details }) => details.new_value)), new Set(titles))
    t.equal((await api('GET', `/urls/${id}`)).json.title, events.at(-1).details.new_value)
  })

  t.test('a deleted url is gone, and its events stay', async (t) => {
    const { id } = await createUrl(api)
    const deleted = await api('DELETE', `/urls/${id}`)
    t.equal(deleted.status, 204)
    t.equal(deleted.text, '')
    isProblem(t, await api('GET', `/urls/${id}`), 404)
    isProblem(t, await api('PUT', `/urls/${id}`, { json: { title: 'x' } }), 404)
    isProblem(t, await api('DELETE', `/urls/${id}`), 404)
    t.match(await listEvents(api, `url_id=${id}`), [
      { event_type: 'created' },
      { event_type: 'deleted', details: { reason: /./ } }
    ])
    const all = (await api('GET', '/urls')).json
    t.notOk(all.some((url: { id: number }) => url.id === id))
  })

  t.test('of deletions at once one succeeds, with one event', async (t) => {
    const { id } = await createUrl(api)
    const answers = await Promise.all(Array.from({ length: 10 }, () => api('DELETE', `/urls/${id}`)))
    t.same(answers.map(({ status }) => status).sort(), [204, ...Array(9).fill(404)])
    t.equal((await listEvents(api, `url_id=${id}&event_type=deleted`)).length, 1)
  })

  t.test('filters by owner, state and text, together too', async (t) => {
    const user = await createUser(api)
    const word = unique('needle')
    const on = await createUrl(api, { user_id: user.id, title: `A ${word} here` })
    const off = await createUrl(api, { user_id: user.id, original_url: `https://example.com/${word}` })
    const coded = await createUrl(api, { short_code: word })
    await api('PUT', `/urls/${off.id}`, { json: { is_active: false } })
    const ids = async (query: string) =>
      (await api('GET', `/urls?${query}`)).json.map(({ id }: { id: number }) => id)
    t.same(await ids(`user_id=${user.id}`), [on.id, off.id])
    for (const yes of ['true', 'True', '1']) t.same(await ids(`user_id=${user.id}&is_active=${yes}`), [on.id])
    for (const no of ['false', 'False', '0'])
      t.same(await ids(`user_id=${user.id}&is_active=${no}`), [off.id])
    t.same(await ids(`q=${word}`), [on.id, off.id, coded.id])
    t.same(await ids(`q=${word.toUpperCase()}`), [on.id, off.id, coded.id], 'in any case')
    t.same(await ids(`q=${word}&is_active=true`), [on.id, coded.id])
    t.same(await ids(`q=${word}&user_id=${user.id}&is_active=false`), [off.id])
    t.same(await ids('user_id=999999999999'), [], 'an unknown owner owns nothing')
  })

  t.test('wildcards of SQL are plain letters in a search', async (t) => {
    const word = unique()
    const odd = await createUrl(api, { title: `${word} 100%_\\` })
    await createUrl(api, { title: `${word} 100 and more` })
    for (const q of [`${word} 100%`, `${word} 100%_`, `${word} 100%_\\`]) {
      const { json } = await api('GET', `/urls?q=${encodeURIComponent(q)}`)
      t.same(
        json.map(({ id }: { id: number }) => id),
        [odd.id],
        q
      )
    }
  })

  t.test('refuses filters it can not read', async (t) => {
    for (const [name, value] of [
      ['user_id', 'abc'],
      ['user_id', '0'],
      ['user_id', '1.5'],
      ['is_active', 'perhaps'],
      ['is_active', ''],
      ['q', '%00']
    ] as const) {
      isProblem(t, await api('GET', `/urls?${name}=${value}`), 422, name)
    }
  })

  t.test('says which fields of a draft or a change are to blame', async (t) => {
    const original_url = 'https://example.com'
    const { id } = await createUrl(api)
    const bad: [string, unknown[]][] = [
      [
        'original_url',
        [1, true, null, [], {}, '', 'example.com', '/path', 'ftp://example.com', '//example.com']
      ],
      [
        'original_url',
        ['https://', 'https://a b.com', 'javascript:alert(1)', 'https://exa mple.com/', ' https://a.b']
      ],
      [
        'original_url',
        ['https://example.com/\n', 'https://example.com/\u0000', 'http:example.com', 'https://[::1']
      ],
      ['original_url', [`https://example.com/${'x'.repeat(2_049 - 'https://example.com/'.length)}`]],
      ['title', [1, false, [], {}, 'x'.repeat(513), 'nul \u0000', 'half \ud800']]
    ]
    for (const [field, values] of bad) {
      for (const value of values) {
        t.comment(field, JSON.stringify(value)?.slice(0, 80))
        isProblem(t, await api('POST', '/urls', { json: { original_url, [field]: value } }), 422, field)
        isProblem(t, await api('PUT', `/urls/${id}`, { json: { [field]: value } }), 422, field)
      }
    }
    isProblem(t, await api('POST', '/urls', { json: {} }), 422, 'original_url')
    for (const user_id of ['1', true, 1.5, 0, -1, [], {}, 2 ** 53, 1e300]) {
      isProblem(t, await api('POST', '/urls', { json: { original_url, user_id } }), 422, 'user_id')
    }
    for (const is_active of ['true', 'False', 1, 0, null, []]) {
      isProblem(t, await api('PUT', `/urls/${id}`, { json: { is_active } }), 422, 'is_active')
    }
    t.match((await api('GET', `/urls/${id}`)).json, { is_active: true, title: null })
    t.equal((await listEvents(api, `url_id=${id}`)).length, 1, 'a refused change writes no event')
  })

  t.test('stores targets as they are', async (t) => {
    const long = `https://example.com/${'x'.repeat(2_048 - 'https://example.com/'.length)}`
    for (const original_url of [
      'HTTP://Example.COM',
      'https://example.com/a/../b?q=%20&r=+#fragment',
      'https://münchen.example/straße?ü=ö#ñ',
      'https://例え.テスト/パス?クエリ=値',
      'https://example.com/🎉',
      'https://example.com:8443/@user:pass',
      'http://127.0.0.1:8080/x',
      'http://[::1]/',
      'https://example.com/?q=\'"<>{}|\\^`',
      long
    ]) {
      const url = await createUrl(api, { original_url })
      t.equal(url.original_url, original_url)
      t.equal((await api('GET', `/urls/${url.id}`)).json.original_url, original_url)
    }
  })
})
