import t from 'tap'
import { CHROME } from '#testing/make-click.ts'
import {
  type Api,
  clicksOf,
  createUrl,
  isProblem,
  listEvents,
  served,
  servedInEachMode,
  unique
} from './subject.ts'

/** Links whose number of visits is limited. */

const BROWSER = { 'user-agent': CHROME }

const visit = (api: Api, path: string, headers: Record<string, string> = {}) =>
  api('GET', path, { headers: { ...BROWSER, ...headers } })

/** Visits a link many times at once. Returns the number of answers by status. */
async function crowd(api: Api, path: string, size: number): Promise<Record<number, number>> {
  const counts: Record<number, number> = {}
  const answers = await Promise.all(Array.from({ length: size }, () => visit(api, path)))
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

async function stateOf(api: Api, id: number) {
  const { json } = await api('GET', `/urls/${id}`)
  const { state, max_visits, visits_left } = json
  return { state, max_visits, visits_left }
}

servedInEachMode(t, async (t, api) => {
  t.test('of many visits at once a limit of 100 lets exactly 100 through', async (t) => {
    const { id, short_code, visits_left } = await createUrl(api, { max_visits: 100 })
    t.equal(visits_left, 100)
    t.same(await crowd(api, `/${short_code}`, 400), { 302: 100, 410: 300 })
    t.same(await crowd(api, `/${short_code}`, 20), { 410: 20 })
    t.same(await stateOf(api, id), { state: 'used_up', max_visits: 100, visits_left: 0 })
    const { json, headers } = await api('GET', `/events?url_id=${id}&event_type=click&page=1&per_page=1`)
    t.equal(headers.get('x-total-count'), '100', 'each is one click, before the answer')
    t.match(json[0].details, { short_code, user_agent: CHROME })
    const { json: stats } = await api('GET', `/urls/${id}/stats`)
    t.equal(stats.clicks, 100)
  })

  t.test('a changed limit applies at once, and counts the visits before', async (t) => {
    const { id, short_code, original_url } = await createUrl(api, { max_visits: 2 })
    const path = `/${short_code}`
    const change = (max_visits: number | null) => api('PATCH', `/urls/${id}`, { json: { max_visits } })
    t.same(await crowd(api, path, 5), { 302: 2, 410: 3 })
    t.match((await change(3)).json, { state: 'active', max_visits: 3, visits_left: 1 })
    t.equal((await visit(api, path)).headers.get('location'), original_url)
    isProblem(t, await visit(api, path), 410)
    t.match((await change(null)).json, { state: 'active', max_visits: null, visits_left: null })
    t.same(await crowd(api, path, 5), { 302: 5 }, 'visits without a limit do not count')
    t.match((await change(2)).json, { state: 'used_up', visits_left: 0 })
    isProblem(t, await visit(api, path), 410)
    t.match((await change(4)).json, { state: 'active', visits_left: 1 })
    t.same(await crowd(api, path, 5), { 302: 1, 410: 4 })
    t.equal((await clicksOf(api, id, 9)).length, 9)
    const changes = await listEvents(api, `url_id=${id}&event_type=updated`)
    t.same(
      changes.map(({ details }) => details),
      [3, null, 2, 4].map((new_value) => ({ field: 'max_visits', new_value }))
    )
  })

  t.test('visits without a limit do not count', async (t) => {
    const { id, short_code } = await createUrl(api)
    t.same(await crowd(api, `/${short_code}`, 3), { 302: 3 })
    await api('PATCH', `/urls/${id}`, { json: { max_visits: 2 } })
    t.same(await crowd(api, `/${short_code}`, 3), { 302: 2, 410: 1 })
  })

  t.test('requests of programs are visits', async (t) => {
    const agents = ['curl/8.5.0', 'node', 'undici', 'python-requests/2.32', 'Wget/1.21', 'Go-http-client/2.0']
    const { short_code } = await createUrl(api, { max_visits: agents.length })
    const statuses: number[] = []
    for (const agent of [...agents, 'curl/8.5.0'])
      statuses.push((await api('GET', `/${short_code}`, { headers: { 'user-agent': agent } })).status)
    t.same(statuses, [...agents.map(() => 302), 410])
  })

  t.test('crawlers, prefetches and HEAD are no visits, and do not see the target', async (t) => {
    const { id, short_code, original_url } = await createUrl(api, { max_visits: 2, title: 'Secret plans' })
    const others: [method: string, headers: Record<string, string>][] = [
      ['HEAD', BROWSER],
      ['GET', { ...BROWSER, 'sec-purpose': 'prefetch' }],
      ['GET', { ...BROWSER, 'sec-purpose': 'prefetch;prerender' }],
      ['GET', { ...BROWSER, purpose: 'prefetch' }],
      ['GET', { ...BROWSER, 'x-moz': 'prefetch' }],
      ['GET', { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' }],
      ['GET', { 'user-agent': 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)' }],
      ['GET', { 'user-agent': 'WhatsApp/2.23.20.0' }],
      ['GET', { 'user-agent': 'Python-Spider/1.0' }],
      ['GET', { 'user-agent': 'node crawler' }],
      ['GET', { 'user-agent': 'Java/1.8 SomeBot' }],
      ['GET', { 'user-agent': 'PHP/8 (+https://acme.dev/about)' }]
    ]
    const faults: string[] = []
    for (const [method, headers] of others)
      for (const path of [`/${short_code}`, `/s/${short_code}`, `/urls/${short_code}/redirect`]) {
        const { status, headers: sent, text } = await api(method, path, { headers })
        const shown = JSON.stringify([...sent]) + text
        if (
          status !== 200 ||
          shown.includes(original_url) ||
          !/no-store/.test(sent.get('cache-control') ?? '')
        )
          faults.push(`${method} ${path} ${JSON.stringify(headers)}: ${status} ${shown}`)
      }
    t.same(faults, [])
    const prefetch = { ...BROWSER, 'sec-purpose': 'prefetch' }
    const program = await api('GET', `/${short_code}`, { headers: prefetch })
    t.match(program.json, { short_code, target: null, title: null, warnings: [] })
    t.match(program.headers.get('vary'), /Accept/)
    const page = await api('GET', `/${short_code}`, { headers: { ...prefetch, accept: 'text/html' } })
    t.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
    t.notMatch(page.text, /Secret plans/)
    const preview = await api('GET', `/${short_code}+`)
    t.match(preview.json, { short_code, target: null, title: null, warnings: [] })
    t.notMatch(preview.text, original_url)
    t.match(await stateOf(api, id), { state: 'active', visits_left: 2 })
    t.same(await crowd(api, `/${short_code}`, 3), { 302: 2, 410: 1 })
    for (const [method, headers] of others)
      t.equal((await api(method, `/${short_code}`, { headers })).status, 410)
    t.equal((await clicksOf(api, id, 2)).length, 2)
  })

  t.test('a link that is used up leads to expired_url, which is a click of that outcome', async (t) => {
    const expired_url = 'https://acme.dev/over'
    const { id, short_code, original_url } = await createUrl(api, { max_visits: 1, expired_url })
    const locations = []
    for (let n = 0; n < 3; n++) locations.push((await visit(api, `/${short_code}`)).headers.get('location'))
    t.same(locations, [original_url, expired_url, expired_url])
    const outcomes = (await clicksOf(api, id, 3)).map(({ details }) => details.outcome ?? null)
    t.same(outcomes.sort(), [null, 'used_up', 'used_up'].sort())
    t.match(await stateOf(api, id), { state: 'used_up', visits_left: 0 })
  })

  t.test('a limited link has its other rules', async (t) => {
    const rules = { redirect_status: 307, forward_query: true, utm: { source: 'mail' } }
    const original_url = `https://acme.dev/${unique()}`
    const { id, short_code } = await createUrl(api, { original_url, max_visits: 1, ...rules })
    const path = `/${short_code}?a=1`
    const change = (json: object) => api('PATCH', `/urls/${id}`, { json })
    await change({ is_active: false })
    isProblem(t, await visit(api, path), 404)
    await change({ is_active: true, starts_at: '2090-01-01T00:00:00' })
    isProblem(t, await visit(api, path), 404)
    await change({ starts_at: null, expires_at: '2020-01-01T00:00:00' })
    isProblem(t, await visit(api, path), 410)
    await change({ expires_at: null })
    const { status, headers } = await visit(api, path)
    t.same([status, headers.get('location')], [307, `${original_url}?utm_source=mail&a=1`])
    t.equal(headers.get('cache-control'), 'private, no-cache')
    await api('DELETE', `/urls/${id}`)
    isProblem(t, await visit(api, path), 404)
  })

  t.test('a password comes before the visit, and a wrong guess uses none', async (t) => {
    const password = 'correct horse'
    const { id, short_code, original_url } = await createUrl(api, { max_visits: 1, password })
    const path = `/${short_code}`
    isProblem(t, await visit(api, path), 401)
    isProblem(t, await visit(api, path, { 'x-link-password': 'wrong horse' }), 401)
    const hidden = await api('HEAD', path, { headers: { ...BROWSER, 'x-link-password': password } })
    t.same([hidden.status, hidden.headers.get('location')], [200, null])
    t.match(await stateOf(api, id), { visits_left: 1 })
    const given = await visit(api, path, { 'x-link-password': password })
    t.same([given.status, given.headers.get('location')], [302, original_url])
    isProblem(t, await visit(api, path, { 'x-link-password': password }), 410)
    isProblem(t, await visit(api, path), 410)
  })

  t.test('answers and lists show the visits left, and their ETag follows', async (t) => {
    const { id, short_code } = await createUrl(api, { max_visits: 3 })
    const before = (await api('GET', `/urls/${id}`)).headers.get('etag') ?? ''
    await visit(api, `/${short_code}`)
    const reread = await api('GET', `/urls/${id}`, { headers: { 'if-none-match': before } })
    t.match(reread, { status: 200, json: { max_visits: 3, visits_left: 2 } })
    const list = await api('GET', `/urls?short_code=${short_code}`)
    t.match(list.json, [{ max_visits: 3, visits_left: 2, state: 'active', is_active: true }])
    const headers = { 'if-match': before }
    t.equal(
      (await api('PATCH', `/urls/${id}`, { json: { title: 'New' }, headers })).status,
      200,
      'a visit is no change'
    )
    const read = await api('PATCH', `/urls/${id}`, { json: { visits_left: 9 } })
    t.match(read.json, { visits_left: 2, warnings: [/visits_left is read-only/] })
    t.match(await createUrl(api), { max_visits: null, visits_left: null })
  })
})

served(t, async (t, api) => {
  t.test('a limit that can not be used changes nothing and names its field', async (t) => {
    const { id } = await createUrl(api, { max_visits: 5 })
    for (const max_visits of [0, -1, 1.5, '5', true, [], 1e16, Number.MAX_SAFE_INTEGER]) {
      isProblem(t, await api('PATCH', `/urls/${id}`, { json: { max_visits } }), 422, 'max_visits')
      const json = { original_url: `https://acme.dev/${unique()}`, max_visits }
      isProblem(t, await api('POST', '/urls', { json }), 422, 'max_visits')
    }
    t.match(await stateOf(api, id), { max_visits: 5, visits_left: 5 })
  })

  t.test('files keep limits and visits', async (t) => {
    const { id, short_code } = await createUrl(api, { max_visits: 4 })
    t.same(await crowd(api, `/${short_code}`, 3), { 302: 3 })
    const csv = (await api('GET', '/urls/bulk')).text.split('\n')
    const [head = ''] = csv
    const line = csv.find((one) => one.startsWith(`${id},`)) ?? ''
    t.match(head, /,max_visits,visits_used$/)
    t.match(line, /,4,3$/)
    const filed = unique('f')
    const body = `${head}\n${line.replace(`${id},`, ',').replace(short_code, filed)}\n`
    const sent = await api('POST', '/urls/bulk', { body, headers: { 'content-type': 'text/csv' } })
    t.match(sent.json, { imported: 1, rejected: 0 })
    t.match((await api('GET', `/urls?short_code=${filed}`)).json, [
      { max_visits: 4, visits_left: 1, is_active: true, state: 'active' }
    ])
    t.same(await crowd(api, `/${filed}`, 3), { 302: 1, 410: 2 })
    const refused = await api('POST', '/urls/bulk', {
      json: [{ original_url: 'https://acme.dev/a', max_visits: 0 }]
    })
    t.match(refused.json, { imported: 0, rejected: 1, errors: [{ reason: /max_visits/ }] })
  })
})
