import t from 'tap'
import { type Running, startApp, storageOf } from '#testing/app.ts'
import { until } from '#testing/until.ts'

/** Servers that ignore the case of codes: `CODE_CASE=insensitive`. */

const INSENSITIVE = { CODE_CASE: 'insensitive' }

async function locationOf({ request }: Running, code: string) {
  const { status, headers } = await request('GET', `/${code}`)
  return headers.get('location') ?? status
}

let made = 0

async function create({ request }: Running, json: object) {
  const answer = await request('POST', '/urls', {
    json: { original_url: `https://example.com/${++made}`, ...json }
  })
  if (answer.status !== 201) throw new Error(answer.text)
  return answer.json
}

t.test('codes and aliases are found in any case, and each exists once', async (t) => {
  const server = await startApp(t, { env: INSENSITIVE })
  const { request } = server
  const link = await create(server, { short_code: 'Sale', aliases: ['Spring', 'sPRING', 'sale'] })
  t.match(link, { short_code: 'Sale', aliases: ['Spring'] }, 'as it was written')
  const seen = ['Sale', 'sale', 'SALE', 's/sALE', 'spring', 'SPRING', 'urls/SpRiNg/redirect']
  const follow = () => Promise.all(seen.map((path) => locationOf(server, path)))
  t.same(
    await follow(),
    seen.map(() => link.original_url)
  )
  const listed = await Promise.all(
    ['Sale', 'sALE', 'Spring', 'sPRING'].map((code) => request('GET', `/urls?short_code=${code}`))
  )
  t.same(
    listed.map(({ json }) => json.map(({ id }: { id: number }) => id)),
    listed.map(() => [link.id]),
    'the list finds them too'
  )
  await request('PATCH', `/urls/${link.id}`, { json: { original_url: 'https://example.com/changed' } })
  t.same(
    await follow(),
    seen.map(() => 'https://example.com/changed'),
    'a change is seen in each case'
  )
  const clicks = await until(
    async () => (await request('GET', `/events?url_id=${link.id}&event_type=click`)).json,
    (events) => events.length === 14
  )
  const codes = clicks.map(({ details }: { details: { short_code: string } }) => details.short_code)
  t.same(new Set(codes), new Set(['Sale', 'Spring']), 'a click has the code of the link')

  const refused = await Promise.all([
    request('POST', '/urls', { json: { original_url: 'https://example.com', short_code: 'sALE' } }),
    request('POST', '/urls', { json: { original_url: 'https://example.com', aliases: ['SPRING'] } }),
    create(server, {}).then(({ id }) => request('PATCH', `/urls/${id}`, { json: { short_code: 'spring' } }))
  ])
  t.same(
    refused.map(({ status }) => status),
    [409, 409, 409]
  )
  const { json: recased } = await request('PATCH', `/urls/${link.id}`, {
    json: { short_code: 'SALE', aliases: ['SPRING'] }
  })
  t.match(recased, { short_code: 'SALE', aliases: ['SPRING'] }, 'a link may change the case of its own codes')
  t.same(
    await follow(),
    seen.map(() => 'https://example.com/changed')
  )
  const same = {
    original_url: 'https://example.com/changed',
    short_code: 'sale',
    aliases: ['Spring', 'sprinG']
  }
  const found = await request('POST', '/urls', { json: { ...same, find_if_exists: true } })
  t.match(found, { status: 200, json: { id: link.id } }, 'find_if_exists ignores the case too')
  t.match((await create(server, {})).short_code, /^[0-9a-z]{6}$/, 'capitals would say nothing')
})

t.test('one of concurrent requests gets a code, in whatever case', async (t) => {
  const server = await startApp(t, { env: INSENSITIVE })
  const wrong: string[] = []
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(
      [{ short_code: `Race${round}` }, { short_code: `rACE${round}` }, { aliases: [`RACE${round}`] }].map(
        (json) => server.request('POST', '/urls', { json: { original_url: 'https://example.com', ...json } })
      )
    )
    const statuses = answers.map(({ status }) => status).sort()
    if (statuses.join() !== '201,409,409') wrong.push(statuses.join())
  }
  t.same(wrong, [])
})

t.test('links from before are folded at the start; the oldest of equal codes is found', async (t) => {
  const storage = await storageOf(t, 'alone')
  const before = await startApp(t, { storage })
  const oldest = await create(before, { short_code: 'Twin' })
  const later = await create(before, { short_code: 'tWIN' })
  const aliased = await create(before, { aliases: ['TWIN', 'Alone'] })
  t.equal(await locationOf(before, 'tWIN'), later.original_url)
  const now = await startApp(t, { storage, env: INSENSITIVE })
  const seen = async (server: Running, codes: string[]) =>
    Promise.all(codes.map((code) => locationOf(server, code)))
  t.same(
    await seen(now, ['twin', 'tWIN', 'TWIN']),
    Array.from({ length: 3 }, () => oldest.original_url)
  )
  t.same(
    await seen(now, ['ALONE', 'alone']),
    Array.from({ length: 2 }, () => aliased.original_url)
  )
  const renamed = await now.request('PATCH', `/urls/${later.id}`, { json: { short_code: 'Later' } })
  t.equal(await locationOf(now, 'LATER'), later.original_url, 'a new name makes a link reachable')
  t.match(renamed, { status: 200, json: { aliases: [] } }, 'and its old code stays that of the other link')

  t.test('and switching back respects the case again', async (t) => {
    const back = await startApp(t, { storage })
    t.same(await seen(back, ['Twin', 'tWIN', 'TWIN']), [oldest.original_url, 404, aliased.original_url])
    t.same(await seen(back, ['twin', 'ALONE', 'LATER']), [404, 404, 404])
    t.same((await back.request('GET', '/urls?short_code=ALONE')).json, [], 'in lists too')
    const other = await create(back, { short_code: 'twin' })
    t.equal(await locationOf(back, 'twin'), other.original_url)
  })
})

t.test('imported links are found in any case', async (t) => {
  const server = await startApp(t, { env: INSENSITIVE })
  const csv =
    'short_code,original_url,aliases\nUpper,https://example.com/upper,Other|UPPER\nupper,https://example.com/twin,\nusers,https://example.com/users,\n'
  const { json } = await server.request('POST', '/urls/bulk', {
    body: csv,
    headers: { 'content-type': 'text/csv' }
  })
  t.match(json, { imported: 3 })
  t.match(JSON.stringify(json), /upper differs only by case/)
  t.equal(await locationOf(server, 'uPPER'), 'https://example.com/upper')
  t.equal(await locationOf(server, 'OTHER'), 'https://example.com/upper')
  t.equal(await locationOf(server, 's/USERS'), 'https://example.com/users')
  t.equal((await server.request('GET', '/users')).status, 200, 'a route is before a link of its name')
})
