import t from 'tap'
import { until } from '#testing/until.ts'
import {
  type Api,
  clicksOf,
  createUrl,
  createUser,
  isProblem,
  listEvents,
  servedInEachMode,
  unique
} from './subject.ts'

const locationOf = async (api: Api, code: string) => {
  const { status, headers } = await api('GET', `/${code}`)
  return headers.get('location') ?? status
}

const change = (api: Api, id: number, json: object) => api('PATCH', `/urls/${id}`, { json })

servedInEachMode(t, async (t, api) => {
  t.test('aliases lead to the target of their link and share its statistics', async (t) => {
    const [one, other] = [unique('one'), unique('Other')]
    const url = await createUrl(api, { aliases: [one, other, one], redirect_status: 307 })
    t.same(url.aliases, [one, other], 'each once')
    t.same((await api('GET', `/urls/${url.id}`)).json.aliases, [one, other])
    t.same((await api('GET', `/urls?short_code=${url.short_code}`)).json, [url], 'lists have them')
    t.same((await api('GET', `/urls?short_code=${other}`)).json, [url], 'and find a link by an alias')
    for (const code of [url.short_code, one, other]) t.equal(await locationOf(api, code), url.original_url)
    t.equal((await api('GET', `/s/${one}`)).status, 307)
    t.equal((await api('HEAD', `/urls/${other}/redirect`)).headers.get('location'), url.original_url)
    const clicks = await clicksOf(api, url.id, 5)
    t.same(
      clicks.map(({ details }) => details.short_code).sort(),
      [url.short_code, one, other, one, other].sort(),
      'a click has the code of its visit'
    )
  })

  t.test('a change of a link is seen under all of its codes', async (t) => {
    const alias = unique()
    const url = await createUrl(api, { aliases: [alias] })
    const codes = [url.short_code, alias]
    const seen = () => Promise.all(codes.map((code) => locationOf(api, code)))
    t.same(await seen(), [url.original_url, url.original_url])
    await change(api, url.id, { original_url: 'https://example.com/changed' })
    t.same(await seen(), ['https://example.com/changed', 'https://example.com/changed'])
    await change(api, url.id, { is_active: false })
    t.same(await seen(), [404, 404])
    await change(api, url.id, { is_active: true, expires_at: '2001-01-01T00:00:00' })
    t.same(await seen(), [410, 410])
    await change(api, url.id, { expires_at: null })
    await api('DELETE', `/urls/${url.id}`)
    t.same(await seen(), [404, 404])
    isProblem(
      t,
      await api('POST', '/urls', { json: { original_url: 'https://example.com', short_code: alias } }),
      409
    )
    await api('POST', `/urls/${url.id}/restore`)
    t.same(await seen(), ['https://example.com/changed', 'https://example.com/changed'])
  })

  t.test('aliases are added and removed, and a removed one is free', async (t) => {
    const [kept, removed, added] = [unique('kept'), unique('removed'), unique('added')]
    const url = await createUrl(api, { aliases: [kept, removed] })
    t.equal(await locationOf(api, removed), url.original_url)
    t.equal(await locationOf(api, added), 404)
    t.same((await change(api, url.id, { aliases: [added, kept] })).json.aliases, [added, kept])
    t.equal(await locationOf(api, added), url.original_url)
    t.equal(await locationOf(api, removed), 404)
    const next = await createUrl(api, { short_code: removed })
    t.equal(await locationOf(api, removed), next.original_url, 'another link may have it')
    await change(api, next.id, { original_url: 'https://example.com/next' })
    t.equal(await locationOf(api, removed), 'https://example.com/next')
    const before = (await api('GET', `/urls/${url.id}`)).headers.get('etag')
    t.equal((await change(api, url.id, { aliases: [added, kept] })).headers.get('etag'), before, 'no change')
    t.same((await change(api, url.id, { aliases: null })).json.aliases, [])
    t.equal(await locationOf(api, kept), 404)
    t.same(
      (await listEvents(api, `url_id=${url.id}&event_type=updated`)).map(({ details }) => details),
      [
        { field: 'aliases', new_value: [added, kept] },
        { field: 'aliases', new_value: [] }
      ]
    )
    const [entry] = (await api('GET', `/urls/${url.id}/history?limit=1`)).json
    t.match(entry, { before: { aliases: [added, kept] }, after: { aliases: [] } })
  })

  t.test('a renamed link keeps its old code as an alias', async (t) => {
    const url = await createUrl(api, { short_code: unique('old') })
    t.equal(await locationOf(api, url.short_code), url.original_url)
    const name = unique('new')
    t.equal(await locationOf(api, name), 404)
    const { json: renamed } = await change(api, url.id, { short_code: name })
    t.match(renamed, { short_code: name, aliases: [url.short_code] })
    t.equal(new URL(renamed.short_url).pathname, `/${name}`)
    t.equal(await locationOf(api, name), url.original_url)
    t.equal(await locationOf(api, url.short_code), url.original_url)
    t.same(
      (await listEvents(api, `url_id=${url.id}&event_type=updated`))
        .map(({ details }) => details.field)
        .sort(),
      ['aliases', 'short_code']
    )
    const { json: back } = await change(api, url.id, { short_code: url.short_code })
    t.match(back, { short_code: url.short_code, aliases: [name] }, 'an alias may become the code')
    t.same((await change(api, url.id, { ...back })).json, back, 'sent back unchanged')
    t.equal(await locationOf(api, name), url.original_url)
    t.equal(await locationOf(api, url.short_code), url.original_url)
    isProblem(t, await change(api, url.id, { short_code: null }), 422, 'short_code')
  })

  t.test('a renamed link gives its old code up if the request says so', async (t) => {
    const url = await createUrl(api, { short_code: unique('old'), aliases: [unique('alias')] })
    const name = unique('new')
    const { json } = await change(api, url.id, { short_code: name, keep_old_code: false })
    t.match(json, { short_code: name, aliases: url.aliases })
    t.equal(await locationOf(api, url.short_code), 404)
    await createUrl(api, { aliases: [url.short_code] })
    isProblem(t, await change(api, url.id, { aliases: [url.short_code] }), 409, 'aliases.0')
  })

  t.test('refuses codes that are taken or reserved, and changes nothing', async (t) => {
    const taken = await createUrl(api, { aliases: [unique('alias')] })
    const [alias] = taken.aliases
    const url = await createUrl(api, { aliases: [unique()] })
    const create = (json: object) =>
      api('POST', '/urls', { json: { original_url: 'https://example.com', ...json } })
    const free = unique('free')
    isProblem(t, await create({ short_code: alias }), 409, 'short_code')
    isProblem(t, await create({ aliases: [free, alias] }), 409, 'aliases.1')
    isProblem(t, await create({ aliases: [taken.short_code] }), 409, 'aliases.0')
    isProblem(t, await create({ aliases: [free, 'Users'] }), 422, 'aliases.1')
    isProblem(t, await create({ aliases: ['a b'] }), 422, 'aliases.0')
    isProblem(t, await create({ aliases: 'word' }), 422, 'aliases')
    const many = await create({ aliases: Array.from({ length: 21 }, () => unique()) })
    t.match(many, { status: 422, json: { errors: [{ path: /^aliases/ }] } })
    isProblem(t, await change(api, url.id, { aliases: [free, alias] }), 409, 'aliases.1')
    isProblem(t, await change(api, url.id, { aliases: ['metrics'] }), 422, 'aliases.0')
    isProblem(t, await change(api, url.id, { short_code: taken.short_code }), 409, 'short_code')
    isProblem(t, await change(api, url.id, { short_code: alias }), 409, 'short_code')
    isProblem(t, await change(api, url.id, { short_code: 'API' }), 422, 'short_code')
    t.same((await api('GET', `/urls/${url.id}`)).json, url)
    t.equal(await locationOf(api, free), 404)
    t.same((await api('GET', `/urls?q=${free}`)).json, [])
    const full = await createUrl(api, { aliases: Array.from({ length: 20 }, () => unique()) })
    isProblem(t, await change(api, full.id, { short_code: unique() }), 422, 'aliases')
  })

  t.test('a target may not lead home through an alias', async (t) => {
    const { aliases, short_url: home } = await createUrl(api, { aliases: [unique()] })
    const address = new URL(`/${aliases[0]}`, home).href
    const url = await createUrl(api)
    isProblem(t, await change(api, url.id, { original_url: address }), 422, 'original_url')
    isProblem(t, await change(api, url.id, { expired_url: address }), 422, 'expired_url')
    t.same((await api('GET', `/urls/${url.id}`)).json, url)
  })

  t.test('of concurrent requests for one code as alias, code and new name, one gets it', async (t) => {
    const links = await Promise.all(Array.from({ length: 4 }, () => createUrl(api)))
    const outcomes: string[] = []
    for (let round = 0; round < 50; round++) {
      const code = unique('race')
      const json = { original_url: `https://example.com/${code}` }
      const answers = await Promise.all([
        api('POST', '/urls', { json: { ...json, short_code: code } }),
        api('POST', '/urls', { json: { ...json, aliases: [unique(), code] } }),
        change(api, links[0].id, { aliases: [code] }),
        change(api, links[1].id, { short_code: code })
      ])
      const winners = answers.filter(({ status }) => status < 300)
      const others = answers.filter(({ status }) => status === 409)
      const location = await locationOf(api, code)
      const isRight =
        winners.length === 1 && others.length === 3 && location === winners[0]?.json.original_url
      if (!isRight) outcomes.push(`${answers.map(({ status }) => status)} ${location}`)
    }
    t.same(outcomes, [])
  })

  t.test('a bulk change refuses codes item by item', async (t) => {
    const [taken, one, two] = [await createUrl(api), await createUrl(api), await createUrl(api)]
    const code = unique('bulk')
    const { json } = await api('PATCH', '/api/links/bulk', {
      json: {
        items: [
          { id: one.id, aliases: [taken.short_code] },
          { id: two.id, aliases: [code] },
          { id: one.id + 10_000_000, aliases: [unique()] },
          { id: taken.id, short_code: code }
        ]
      }
    })
    t.same(
      json.results.map(({ status }: { status: number }) => status),
      [409, 200, 404, 409]
    )
    t.equal(await locationOf(api, code), two.original_url)
  })

  t.test('administrators transfer links', async (t) => {
    const [ada, bob] = [await createUser(api), await createUser(api)]
    const url = await createUrl(api, { user_id: ada.id, aliases: [unique()] })
    const ownedBy = async (id: number) => (await api('GET', `/urls?user_id=${id}`)).json
    t.equal(await locationOf(api, url.aliases[0]), url.original_url)
    const { json } = await change(api, url.id, { user_id: bob.id })
    t.equal(json.user_id, bob.id)
    t.same([await ownedBy(ada.id), await ownedBy(bob.id)], [[], [json]])
    t.match(await listEvents(api, `url_id=${url.id}&event_type=updated`), [
      { details: { field: 'user_id', new_value: bob.id } }
    ])
    await locationOf(api, url.aliases[0])
    const clicks = await until(
      () => clicksOf(api, url.id, 2),
      (found) => found.length === 2
    )
    t.same(clicks.map(({ user_id }) => user_id).sort(), [ada.id, bob.id].sort())
    isProblem(t, await change(api, url.id, { user_id: 2 ** 52 }), 404)
    t.equal((await change(api, url.id, { user_id: null })).json.user_id, null)
  })

  t.test('find_if_exists finds the oldest link of the owner and target', async (t) => {
    const { id: user_id } = await createUser(api)
    const original_url = `https://example.com/${unique()}`
    const post = (json: object = {}) =>
      api('POST', '/urls', { json: { original_url, user_id, find_if_exists: true, ...json } })
    const first = await post()
    t.equal(first.status, 201)
    t.equal((await post({ find_if_exists: false })).status, 201)
    await createUrl(api, { original_url })
    const found = await post()
    t.same([found.status, found.json], [200, first.json])
    t.equal(found.headers.get('etag'), (await api('GET', `/urls/${first.json.id}`)).headers.get('etag'))
    t.equal((await post({ title: 'Another' })).status, 201, 'other wishes make another link')
    t.equal((await post({ title: 'Another' })).status, 200)
    t.equal((await post({ user_id: null })).json.user_id, null)
    const key = { 'idempotency-key': unique() }
    const send = () =>
      api('POST', '/shorten', { json: { url: original_url, user_id, find_if_exists: true }, headers: key })
    t.same([(await send()).status, (await send()).status], [200, 200], 'repeats have the status too')
    await api('DELETE', `/urls/${first.json.id}`)
    t.not((await post()).json.id, first.json.id, 'deleted links are not found')
    const target = `https://example.com/${unique()}`
    const answers = await Promise.all(Array.from({ length: 20 }, () => post({ original_url: target })))
    t.same(
      answers.map(({ status }) => status).sort(),
      [...Array.from({ length: 19 }, () => 200), 201],
      'concurrent requests make one link'
    )
    t.equal(new Set(answers.map(({ json }) => json.id)).size, 1)
  })

  t.test('find_if_exists compares codes and owners as they are stored, and no passwords', async (t) => {
    const codes = { short_code: unique('c'), aliases: [unique('a'), unique('b')] }
    const [first = '', second = ''] = codes.aliases
    const original_url = `https://example.com/${unique()}`
    const post = (json: object = {}) =>
      api('POST', '/urls', { json: { original_url, find_if_exists: true, ...json } })
    const { id } = (await post(codes)).json
    const asked = [
      codes,
      { aliases: [second, first, second] },
      { aliases: [codes.short_code, first, second] },
      { user_id: null },
      { password: null }
    ]
    const answers = await Promise.all(asked.map(post))
    t.same(
      answers.map(({ status, json }) => [status, json.id]),
      asked.map(() => [200, id])
    )
    isProblem(t, await post({ password: 'a password' }), 422, 'find_if_exists')
    t.equal((await post({ aliases: [] })).status, 201, 'other aliases make another link')
    const target = `https://example.com/${unique()}`
    const locked = await createUrl(api, { original_url: target, password: 'a password' })
    const open = await post({ original_url: target })
    t.equal(open.status, 201)
    t.not(open.json.id, locked.id)
  })

  t.test('code_length is the length of the random code', async (t) => {
    t.equal((await createUrl(api, { code_length: 32 })).short_code.length, 32)
    t.equal((await createUrl(api, { code_length: 9 })).short_code.length, 9)
    const refused = [3, 33, '8', 5.5, null]
    const answers = await Promise.all(
      refused.map((code_length) =>
        api('POST', '/urls', { json: { original_url: 'https://example.com', code_length } })
      )
    )
    t.same(
      answers.map(({ status, json }) => `${status} ${json.errors?.[0]?.path}`),
      refused.map(() => '422 code_length')
    )
  })
})
