import { sql } from 'drizzle-orm'
import t from 'tap'
import { type Answer, installedProfiles, startApp } from '#testing/app.ts'
import { type Api, createUrl, createUser, isProblem, served, unique } from './subject.ts'

const ids = ({ json }: Answer): number[] => json.map(({ id }: { id: number }) => id)

/** The targets of a Link header (RFC 8288) by relation. */
function links(answer: Answer): Record<string, string> {
  const header = answer.headers.get('link') ?? ''
  return Object.fromEntries(
    [...header.matchAll(/<([^>]+)>; rel="(\w+)"/g)].map(([, target, rel]) => [rel, target])
  )
}

/** The whole numbers among the parameters of each list, as targets with a value of them. */
async function numbersOf(api: Api, value: string): Promise<[target: string, name: string][]> {
  const { paths } = (await api('GET', '/openapi.json')).json as {
    paths: Record<
      string,
      { get?: { parameters?: { in: string; name: string; schema: { type?: string } }[] } }
    >
  }
  return Object.entries(paths).flatMap(([path, { get }]) =>
    (get?.parameters ?? [])
      .filter(({ in: place, schema }) => place === 'query' && schema.type === 'integer')
      .map(({ name }): [string, string] => [`${path.replace('{id}', '1')}?${name}=${value}`, name])
  )
}

served(t, async (t, api) => {
  t.test('numbers without an end are refused by name', async (t) => {
    const faults: unknown[] = []
    for (const value of ['1e999', '-1e999', 'Infinity', '9'.repeat(400)])
      for (const [target, name] of await numbersOf(api, value)) {
        const { status, json } = await api('GET', target)
        if (status !== 422 || json.code !== 'INPUT_INVALID' || json.errors?.[0]?.path !== name)
          faults.push({ target: target.slice(0, 50), status, json })
      }
    t.same(faults, [])
    t.ok((await numbersOf(api, '1')).length > 10)
  })

  t.test('pages cut the list without gap or overlap, and say how long it is', async (t) => {
    const user = await createUser(api)
    const made: number[] = []
    for (let at = 0; at < 7; at++) made.push((await createUrl(api, { user_id: user.id })).id)
    const page = (page: number) => api('GET', `/urls?user_id=${user.id}&per_page=3&page=${page}`)
    const pages = [await page(1), await page(2), await page(3), await page(4)]
    t.same(pages.map(ids), [made.slice(0, 3), made.slice(3, 6), made.slice(6), []])
    t.ok(pages.every(({ status, headers }) => status === 200 && headers.get('x-total-count') === '7'))
    t.same(
      pages.map((answer) => Object.keys(links(answer)).sort()),
      [
        ['last', 'next'],
        ['first', 'last', 'next', 'prev'],
        ['first', 'prev'],
        ['first', 'prev']
      ]
    )
  })

  t.test('following the links walks the whole list', async (t) => {
    const user = await createUser(api)
    const word = unique('a&b c')
    const made: number[] = []
    for (let at = 0; at < 5; at++) made.push((await createUrl(api, { user_id: user.id, title: word })).id)
    const walked: number[] = []
    let path: string | undefined = `/urls?q=${encodeURIComponent(word)}&user_id=${user.id}&per_page=2`
    while (path !== undefined) {
      const answer: Answer = await api('GET', path)
      walked.push(...ids(answer))
      path = links(answer)['next']
    }
    t.same(walked, made)
  })

  t.test('the total counts what the filter takes', async (t) => {
    const user = await createUser(api)
    const url = await createUrl(api, { user_id: user.id })
    await createUrl(api, { user_id: user.id })
    await api('PUT', `/urls/${url.id}`, { json: { is_active: false } })
    const total = async (path: string) => (await api('GET', path)).headers.get('x-total-count')
    t.equal(await total(`/urls?user_id=${user.id}`), '2')
    t.equal(await total(`/urls?user_id=${user.id}&is_active=true`), '1')
    t.equal(await total(`/events?url_id=${url.id}`), '2')
    t.equal(await total('/urls?user_id=999999999999'), '0')
  })

  t.test('a list that is whole has no links', async (t) => {
    const user = await createUser(api)
    await createUrl(api, { user_id: user.id })
    const answer = await api('GET', `/urls?user_id=${user.id}`)
    t.equal(answer.headers.get('link'), null)
    t.equal(answer.json.length, 1)
  })

  t.test('refuses windows that make no sense', async (t) => {
    for (const list of ['/users', '/urls', '/events']) {
      for (const [name, value] of [
        ['page', '0'],
        ['page', '-1'],
        ['page', 'x'],
        ['page', '1.5'],
        ['page', '99999999999999999999'],
        ['per_page', '0'],
        ['per_page', '10001'],
        ['per_page', 'all']
      ]) {
        isProblem(t, await api('GET', `${list}?${name}=${value}`), 422, name as string)
      }
      const far = await api('GET', `${list}?page=1000000000&per_page=10000`)
      t.equal(far.status, 200)
      t.same(far.json, [])
    }
  })
})

installedProfiles(t, async (t, profile) => {
  const { app, request } = await startApp(t, { profile })
  await app.database.db.execute(sql`
    insert into users (username, email) select 'u' || n, 'u' || n || '@example.com' from generate_series(1, 10050) n`)
  await app.database.db.execute(sql`
    insert into urls (short_code, original_url) select 'c' || n, 'https://example.com/' || n from generate_series(1, 10050) n`)
  await app.database.db.execute(sql`
    insert into events (url_id, event_type) select n, 'seen' from generate_series(1, 10050) n`)

  t.test('a list without a window is complete up to 10,000 rows, and says that there is more', async (t) => {
    for (const list of ['/users', '/urls', '/events']) {
      const answer = await request('GET', list)
      t.equal(answer.status, 200)
      t.same(
        ids(answer),
        Array.from({ length: 10_000 }, (_, at) => at + 1),
        list
      )
      t.equal(answer.headers.get('x-total-count'), '10050')
      const rest = await request('GET', links(answer)['next'] ?? '/')
      t.equal(ids(rest).length, 50)
      t.equal(ids(rest).at(-1), 10_050)
    }
  })

  t.test('one of the two parameters is enough for a page', async (t) => {
    t.equal(ids(await request('GET', '/users?page=2')).length, 50)
    t.same(ids(await request('GET', '/users?per_page=2')), [1, 2])
  })
})
