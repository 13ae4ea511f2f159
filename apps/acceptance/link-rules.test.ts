import t from 'tap'
import { clicksOf, createUrl, isProblem, listEvents, served, unique } from './subject.ts'

/** The fields that decide when a link leads where, and how. */

const RULES = {
  starts_at: '2020-01-01T00:00:00',
  expires_at: '2090-01-01T00:00:00',
  expired_url: 'https://acme.dev/over',
  redirect_status: 307,
  forward_query: true,
  utm: { source: 'mail', campaign: 'spring & more' }
}
/** Each fits a header, both together do not. */
const LONG = `https://acme.dev/${'x'.repeat(1_500)}`
const LONG_UTM = Object.fromEntries(['source', 'medium', 'term'].map((name) => [name, '都'.repeat(256)]))
const NONE = { starts_at: null, expired_url: null, redirect_status: 302, forward_query: false, utm: null }
const PAST = '2020-01-01T00:00:00'
const FUTURE = '2090-01-01T00:00:00'

served(t, async (t, api) => {
  t.test('each rule is stored, listed, changed with an event, and cleared by null', async (t) => {
    const plain = await createUrl(api)
    t.match(plain, { ...NONE, state: 'active' })
    const { id, short_code } = await createUrl(api, RULES)
    t.match((await api('GET', `/urls/${id}`)).json, RULES)
    t.match((await api('GET', `/urls?short_code=${short_code}`)).json, [{ ...RULES, state: 'active' }])

    const changed = await api('PATCH', `/urls/${plain.id}`, { json: RULES })
    t.match(changed, { status: 200, json: RULES })
    const events = await listEvents(api, `url_id=${plain.id}&event_type=updated`)
    t.same(Object.fromEntries(events.map(({ details }) => [details.field, details.new_value])), RULES)
    t.equal((await api('PUT', `/urls/${plain.id}`, { json: RULES })).json.updated_at, changed.json.updated_at)
    t.equal((await listEvents(api, `url_id=${plain.id}&event_type=updated`)).length, events.length, 'once')

    const cleared = Object.fromEntries(Object.keys(RULES).map((name) => [name, null]))
    t.match((await api('PATCH', `/urls/${plain.id}`, { json: cleared })).json, { ...NONE, expires_at: null })
  })

  t.test('a link redirects with its status, its UTM parameters and the query of the visit', async (t) => {
    const original_url = 'https://acme.dev/a/../b?utm_source=old&x=%20#top'
    const utm = { source: 'mail', content: 'ä&b' }
    const cases: [fields: object, query: string, location: string][] = [
      [{}, '?y=1', original_url],
      [{ utm }, '?y=1', 'https://acme.dev/a/../b?x=%20&utm_source=mail&utm_content=%C3%A4%26b#top'],
      [{ forward_query: true }, '', original_url],
      [{ forward_query: true }, '?', original_url],
      [{ forward_query: true }, '?y=%2F&y=2', 'https://acme.dev/a/../b?utm_source=old&x=%20&y=%2F&y=2#top'],
      [{ forward_query: true }, '?x=2', 'https://acme.dev/a/../b?utm_source=old&x=2#top'],
      [
        { forward_query: true, utm },
        '?utm_source=sms',
        'https://acme.dev/a/../b?x=%20&utm_content=%C3%A4%26b&utm_source=sms#top'
      ],
      [{ forward_query: true }, `?${'z'.repeat(8_190)}`, original_url]
    ]
    const faults: string[] = []
    for (const [fields, query, location] of cases)
      for (const status of [301, 302, 307, 308]) {
        const { short_code } = await createUrl(api, { original_url, redirect_status: status, ...fields })
        // The second answer comes from the cache of the process.
        for (let n = 0; n < 2; n++) {
          const answer = await api('GET', `/${short_code}${query}`)
          const found = [answer.status, answer.headers.get('location'), answer.headers.get('cache-control')]
          const wanted = [status, location, 'private, no-cache']
          if (String(found) !== String(wanted))
            faults.push(`${JSON.stringify(fields)} ${query.slice(0, 20)}: ${found}`)
        }
      }
    t.same(faults, [])
  })

  t.test('before its start a link is unknown, and its state says so', async (t) => {
    const { id, short_code } = await createUrl(api, { starts_at: FUTURE })
    for (const path of [`/${short_code}`, `/s/${short_code}`]) isProblem(t, await api('GET', path), 404)
    const { json, headers } = await api('GET', `/urls/${id}`)
    t.match(json, { state: 'scheduled', is_active: true })
    t.match((await api('GET', `/urls?short_code=${short_code}`)).json, [
      { state: 'scheduled', is_active: true }
    ])
    t.match((await api('GET', `/urls?short_code=${short_code}&is_active=true`)).json, [{ id }])
    t.same((await api('GET', `/urls?short_code=${short_code}&is_active=false`)).json, [])
    const headed = { 'if-match': headers.get('etag') ?? '' }
    t.equal((await api('PATCH', `/urls/${id}`, { json: { starts_at: PAST }, headers: headed })).status, 200)
    t.equal((await api('GET', `/${short_code}`)).status, 302)
    t.equal((await clicksOf(api, id, 1)).length, 1, 'only this one counted')
  })

  t.test('after its end a link leads to expired_url, which is a click of that outcome', async (t) => {
    const { id, short_code } = await createUrl(api, {
      expires_at: PAST,
      expired_url: 'https://acme.dev/über',
      redirect_status: 308
    })
    const answer = await api('GET', `/${short_code}`)
    t.same([answer.status, answer.headers.get('location')], [302, 'https://acme.dev/%C3%BCber'])
    t.match(await clicksOf(api, id, 1), [{ details: { short_code, outcome: 'expired' } }])
    t.equal((await api('GET', `/urls/${id}`)).json.state, 'expired')
    await api('PATCH', `/urls/${id}`, { json: { expired_url: null } })
    isProblem(t, await api('GET', `/${short_code}`), 410)
    t.equal((await listEvents(api, `url_id=${id}&event_type=click`)).length, 1)
  })

  t.test('a value that can not be used changes nothing and names its field', async (t) => {
    const { id, short_code } = await createUrl(api)
    const here = (await api('GET', `/urls/${id}`)).json.short_url
    const bad: [fields: object, path: string][] = [
      [{ starts_at: 'soon' }, 'starts_at'],
      [{ starts_at: FUTURE, expires_at: PAST }, 'starts_at'],
      [{ starts_at: FUTURE, expires_at: FUTURE }, 'starts_at'],
      [{ redirect_status: 200 }, 'redirect_status'],
      [{ redirect_status: '301' }, 'redirect_status'],
      [{ forward_query: 'yes' }, 'forward_query'],
      [{ expired_url: 'acme.dev' }, 'expired_url'],
      [{ expired_url: here }, 'expired_url'],
      [{ expired_url: '' }, 'expired_url'],
      [{ utm: 'mail' }, 'utm'],
      [{ utm: { source: 5 } }, 'utm.source'],
      [{ utm: { source: 'x'.repeat(257) } }, 'utm.source'],
      [{ utm: { sauce: 'mail' } }, 'utm'],
      // Together with the target, the parameters do not fit a header.
      [{ original_url: LONG, utm: LONG_UTM }, 'utm']
    ]
    for (const [fields, path] of bad) {
      isProblem(t, await api('PATCH', `/urls/${id}`, { json: fields }), 422, path)
      const draft = { original_url: `https://acme.dev/${unique()}`, ...fields }
      isProblem(t, await api('POST', '/urls', { json: draft }), 422, path)
    }
    await api('PATCH', `/urls/${id}`, { json: { expires_at: '2030-01-01T00:00:00' } })
    isProblem(
      t,
      await api('PATCH', `/urls/${id}`, { json: { starts_at: '2031-01-01T00:00:00' } }),
      422,
      'starts_at'
    )
    const later = await createUrl(api, { starts_at: '2031-01-01T00:00:00' })
    const early = { expires_at: '2030-01-01T00:00:00' }
    isProblem(t, await api('PATCH', `/urls/${later.id}`, { json: early }), 422, 'expires_at')
    const long = await createUrl(api, { utm: LONG_UTM })
    isProblem(
      t,
      await api('PATCH', `/urls/${long.id}`, { json: { original_url: LONG } }),
      422,
      'original_url'
    )
    t.equal((await api('PATCH', `/urls/${long.id}`, { json: { original_url: LONG, utm: null } })).status, 200)
    t.match((await api('GET', `/urls/${id}`)).json, NONE)
    t.equal((await api('GET', `/${short_code}`)).status, 302)
  })

  t.test('files keep the rules, and a restricted link stays active', async (t) => {
    const draft = { ...RULES, starts_at: FUTURE, expires_at: null }
    const { id, short_code } = await createUrl(api, draft)
    const row = { original_url: 'https://acme.dev/filed', short_code: unique('f'), ...draft }
    const sent = await api('POST', '/urls/bulk', { json: [row] })
    t.match(sent.json, { imported: 1, rejected: 0 })
    t.match((await api('GET', `/urls?short_code=${row.short_code}`)).json, [
      { ...row, is_active: true, state: 'scheduled' }
    ])
    const csv = (await api('GET', '/urls/bulk')).text
    const [head = '', ...lines] = csv.split('\n')
    const line = lines.find((one) => one.startsWith(`${id},`)) ?? ''
    t.match(head, /starts_at,expired_url,redirect_status,forward_query,utm/)
    t.match(line, new RegExp(`${short_code},.*,True,.*,2090-01-01 00:00:00,https://acme.dev/over,307,True,`))
    const wrong: [name: string, value: unknown][] = [
      ['redirect_status', 200],
      ['expired_url', 'acme'],
      ['expires_at', row.starts_at],
      ['expires_at', '2030-01-01T00:00:00'],
      ['utm', { a: 'b' }],
      ['utm', { source: '😀'.repeat(257) }],
      ['utm', { source: 'a\u0000' }],
      ['utm', { source: '\ud800' }]
    ]
    const refused = wrong.map(([name, value]) => ({ ...row, short_code: unique('f'), [name]: value }))
    const longest = { ...row, short_code: unique('f'), utm: { source: '😀'.repeat(256) } }
    const { json } = await api('POST', '/urls/bulk', { json: [...refused, longest] })
    t.match(json, { imported: 1, rejected: wrong.length })
    t.same(
      json.errors.filter(
        ({ line, reason }: { line: number; reason: string }) => !reason.includes(`${wrong[line - 1]?.[0]}`)
      ),
      []
    )
  })
})
