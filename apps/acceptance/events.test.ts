import t from 'tap'
import { createUrl, createUser, isProblem, listEvents, served, unique } from './subject.ts'

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/

/** An event's time moved by `seconds`, in the contract's format. */
function shifted(time: string, seconds: number): string {
  return new Date(Date.parse(`${time}Z`) + seconds * 1000).toISOString().slice(0, 19)
}

served(t, async (t, api) => {
  t.test('a recorded event is answered whole, and reads the same afterwards', async (t) => {
    const user = await createUser(api)
    const { id: url_id } = await createUrl(api)
    const details = { channel: 'mail', nested: { list: [1, 'two', null, true] } }
    const draft = { url_id, user_id: user.id, event_type: 'shared', details }
    const { status, json: event } = await api('POST', '/events', { json: draft })
    t.equal(status, 201)
    t.same(Object.keys(event).sort(), ['details', 'event_type', 'id', 'timestamp', 'url_id', 'user_id'])
    t.match(event, { ...draft, id: Number, timestamp: TIME })
    t.same(event.details, details)
    t.same((await api('GET', `/events/${event.id}`)).json, event)
  })

  t.test('needs neither a user nor details', async (t) => {
    const { id: url_id } = await createUrl(api)
    const { status, json } = await api('POST', '/events', { json: { url_id, event_type: 'seen' } })
    t.equal(status, 201)
    t.equal(json.user_id, null)
    t.same(json.details, {})
  })

  t.test('an unknown url, user or event is 404', async (t) => {
    const { id: url_id } = await createUrl(api)
    const gone = await createUrl(api)
    await api('DELETE', `/urls/${gone.id}`)
    const event_type = 'seen'
    for (const json of [
      { url_id: 999_999_999_999, event_type },
      { url_id: gone.id, event_type },
      { url_id, user_id: 999_999_999_999, event_type }
    ]) {
      isProblem(t, await api('POST', '/events', { json }), 404)
    }
    isProblem(t, await api('GET', '/events/999999999999'), 404)
    t.equal((await listEvents(api, `url_id=${url_id}`)).length, 1, 'nothing was recorded')
  })

  t.test('says which fields of a draft are to blame', async (t) => {
    const { id: url_id } = await createUrl(api)
    const good = { url_id, event_type: 'seen' }
    const bad: [string, unknown[]][] = [
      ['url_id', [null, '1', true, 1.5, 0, -1, 2 ** 53, [], {}]],
      ['user_id', ['1', true, 1.5, 0, -1, [], {}]],
      ['event_type', [null, 1, true, '', [], {}, 'x'.repeat(65), 'nul\u0000', 'half\udc00']],
      ['details', [null, 'text', '{"a":1}', 5, true, [], [{}], { nul: '\u0000' }, { 'half\ud800': 1 }]]
    ]
    for (const [field, values] of bad) {
      for (const value of values) {
        t.comment(field, JSON.stringify(value))
        isProblem(t, await api('POST', '/events', { json: { ...good, [field]: value } }), 422, field)
      }
    }
    isProblem(t, await api('POST', '/events', { json: {} }), 422, 'url_id', 'event_type')
    t.equal((await listEvents(api, `url_id=${url_id}`)).length, 1, 'nothing was recorded')
  })

  t.test('filters by url, user and type, together too, ordered by id', async (t) => {
    const user = await createUser(api)
    const [one, other] = [await createUrl(api), await createUrl(api)]
    const event_type = unique('type')
    const drafts = [
      { url_id: one.id, user_id: user.id, event_type },
      { url_id: one.id, event_type },
      { url_id: other.id, user_id: user.id, event_type },
      { url_id: other.id, user_id: user.id, event_type: 'seen' }
    ]
    const made: number[] = []
    for (const json of drafts) made.push((await api('POST', '/events', { json })).json.id)
    const [a, b, c, d] = made
    const ids = async (query: string) => (await listEvents(api, query)).map(({ id }) => id)
    t.same(await ids(`event_type=${event_type}`), [a, b, c])
    t.same(await ids(`user_id=${user.id}`), [a, c, d])
    t.same((await ids(`url_id=${other.id}`)).slice(1), [c, d])
    t.same(await ids(`event_type=${event_type}&url_id=${one.id}`), [a, b])
    t.same(await ids(`event_type=${event_type}&url_id=${one.id}&user_id=${user.id}`), [a])
    t.same(await ids('url_id=999999999999'), [])
  })

  t.test('filters by time, both ends included', async (t) => {
    const { id: url_id } = await createUrl(api)
    const { json } = await api('POST', '/events', { json: { url_id, event_type: unique('type') } })
    const { id, event_type, timestamp } = json
    const ids = async (query: string) =>
      (await listEvents(api, `event_type=${event_type}&${query}`)).map((event) => event.id)
    const day = timestamp.slice(0, 10)
    for (const query of [
      `since=${timestamp}`,
      `until=${timestamp}`,
      `since=${timestamp}&until=${timestamp}`,
      `since=${timestamp}Z&until=${shifted(timestamp, 60)}Z`,
      `since=${encodeURIComponent(`${shifted(timestamp, 3_600)}+01:00`)}`,
      `since=${timestamp.replace('T', ' ')}`,
      `since=${shifted(timestamp, -3_600)}&until=${shifted(timestamp, 3_600)}`,
      `since=${day}&until=${day}`,
      'since=0001-01-01&until=9999-12-31'
    ]) {
      t.same(await ids(query), [id], query)
    }
    for (const query of [
      `since=${shifted(timestamp, 1)}`,
      `until=${shifted(timestamp, -1)}`,
      `since=${shifted(timestamp, -7_200)}&until=${shifted(timestamp, -3_600)}`
    ]) {
      t.same(await ids(query), [], query)
    }
  })

  t.test('refuses filters it can not read', async (t) => {
    for (const [name, value] of [
      ['url_id', 'abc'],
      ['user_id', '-1'],
      ['event_type', ''],
      ['event_type', '%00'],
      ['since', 'yesterday'],
      ['since', '2025-02-30'],
      ['since', '2025-13-01T00:00:00'],
      ['until', '2025-06-04T25:00:00'],
      ['until', '1749000000']
    ] as const) {
      isProblem(t, await api('GET', `/events?${name}=${value}`), 422, name)
    }
    isProblem(t, await api('GET', '/events?since=2025-06-05&until=2025-06-04'), 422, 'since')
  })

  t.test('details come back as they went in', async (t) => {
    const { id: url_id } = await createUrl(api)
    for (const details of [
      { '': '', ' ': null, 'a.b': { 'c/d': ['é', '🎉', '例え'] } },
      { number: 1e21, small: -0.000001, big: 9_007_199_254_740_991, text: '\u0001\t\n\u2028' },
      JSON.parse('{"__proto__": {"polluted": true}, "constructor_": {"prototype": {}}, "toString": 1}'),
      { list: Array.from({ length: 1_000 }, (_, at) => at) }
    ]) {
      const { status, json } = await api('POST', '/events', { json: { url_id, event_type: 'seen', details } })
      t.comment(status, json?.detail)
      if (Object.hasOwn(details, '__proto__')) {
        t.ok(status === 400 || status === 201, 'refused or kept')
        t.notOk('polluted' in {})
        continue
      }
      t.same(json.details, details)
      t.same((await api('GET', `/events/${json.id}`)).json.details, details)
    }
  })
})
