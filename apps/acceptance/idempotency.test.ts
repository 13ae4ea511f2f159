import t from 'tap'
import { clicksOf, createUrl, isProblem, listEvents, served, unique } from './subject.ts'

/** Clients and proxies may repeat a POST with an Idempotency-Key; the server executes it once. */

served(t, async (t, api) => {
  const post = (path: string, key: string, json: unknown) =>
    api('POST', path, { json, headers: { 'idempotency-key': key } })

  t.test('a repeated request gets the first answer, and nothing is done twice', async (t) => {
    const { id } = await createUrl(api)
    const target = `https://example.com/${unique()}`
    const name = unique('user')
    const drafts: [path: string, draft: Record<string, unknown>][] = [
      ['/users', { username: name, email: `${name}@example.com` }],
      ['/urls', { original_url: target, title: 'Once' }],
      ['/shorten', { url: target }],
      ['/events', { url_id: id, event_type: 'seen', details: { b: 1, a: [2] } }]
    ]
    for (const [path, draft] of drafts) {
      const key = unique()
      const first = await post(path, key, draft)
      t.equal(first.status, 201, path)
      t.equal(first.headers.get('idempotent-replayed'), null)
      for (const again of [path, `${path}/`]) {
        const second = await post(again, key, draft)
        t.equal(second.status, 201, path)
        t.equal(second.text, first.text, path)
        t.equal(second.headers.get('idempotent-replayed'), 'true')
      }
    }
    t.equal((await api('GET', `/urls?q=${target}`)).json.length, 2, 'one by /urls, one by /shorten')
    t.equal((await listEvents(api, `url_id=${id}&event_type=seen`)).length, 1)
  })

  t.test(
    'a link that was created with a key redirects, even if its code was requested before its creation',
    async (t) => {
      const short_code = unique('once')
      isProblem(t, await api('GET', `/${short_code}`), 404)
      const { json } = await post('/urls', unique(), { original_url: 'https://example.com/1', short_code })
      t.equal((await api('GET', `/${short_code}`)).status, 302)
      t.equal((await clicksOf(api, json.id, 1)).length, 1)
    }
  )

  t.test('another request with the same key is refused', async (t) => {
    const key = unique()
    const url = `https://example.com/${unique()}`
    t.equal((await post('/shorten', key, { url })).status, 201)
    isProblem(t, await post('/shorten', key, { url: `${url}2` }), 422, 'idempotency-key')
    isProblem(t, await post('/urls', key, { original_url: url }), 422, 'idempotency-key')
    t.equal((await post('/shorten', key, { url })).status, 201, 'the first one may still be repeated')
  })

  t.test('a refused request is not kept: it may be sent again, corrected or not', async (t) => {
    const key = unique()
    const short_code = unique('code')
    const { id } = await createUrl(api, { short_code })
    const draft = { original_url: 'https://example.com/1', short_code }
    isProblem(t, await post('/urls', key, draft), 409, 'short_code')
    isProblem(t, await post('/urls', key, { ...draft, original_url: 'no' }), 422, 'original_url')
    t.equal((await post('/urls', key, { ...draft, short_code: unique('code') })).status, 201)
    t.equal((await api('GET', `/urls/${id}`)).status, 200)
  })

  t.test('requests with the same key at once do the work once', async (t) => {
    const key = unique()
    const url = `https://example.com/${unique()}`
    const answers = await Promise.all(Array.from({ length: 12 }, () => post('/shorten', key, { url })))
    const good = answers.filter(({ status }) => status === 201)
    t.ok(good.length > 0)
    t.equal(new Set(good.map(({ text }) => text)).size, 1)
    for (const answer of answers) {
      if (answer.status === 201) continue
      isProblem(t, answer, 409, 'idempotency-key')
      t.equal(answer.headers.get('retry-after'), '1')
    }
    t.equal((await api('GET', `/urls?q=${url}`)).json.length, 1)
  })

  t.test('without a key, each request is one of its own', async (t) => {
    const url = `https://example.com/${unique()}`
    for (let times = 0; times < 2; times++) await api('POST', '/shorten', { json: { url } })
    t.equal((await api('GET', `/urls?q=${url}`)).json.length, 2)
  })

  t.test('an invalid key is refused before any change', async (t) => {
    const url = `https://example.com/${unique()}`
    for (const key of ['', 'two words', 'k'.repeat(256), 'é'])
      isProblem(t, await post('/shorten', key, { url }), 422, 'idempotency-key')
    t.equal((await post('/shorten', `"${unique('~!')}${'k'.repeat(200)}"`, { url })).status, 201)
    t.equal((await api('GET', `/urls?q=${url}`)).json.length, 1)
  })

  t.test('an import takes a key too: it changes nothing the second time anyway', async (t) => {
    const key = unique()
    const id = 700_000_000 + Math.floor(Math.random() * 90_000_000)
    const name = unique('user')
    const rows = [{ id, username: name, email: `${name}@example.com`, created_at: '2025-06-04 00:07:00' }]
    t.match((await post('/users/bulk', key, rows)).json, { imported: 1 })
    t.match((await post('/users/bulk', key, rows)).json, { imported: 0, skipped: 1 })
  })
})
