import { sql } from 'drizzle-orm'
import t from 'tap'
import { startApp } from '#testing/app.ts'

/** The traces of an erased user: every table is searched for the words of its data. */

const { app, request } = await startApp(t)

/** The tables with `word` in any row. */
async function tablesWith(word: string): Promise<string[]> {
  const run = async (text: string) => (await app.database.db.execute(sql.raw(text))).rows
  const tables = await run(
    `select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace
     and c.relkind in ('r', 'p') and not c.relispartition order by 1`
  )
  t.ok(tables.length >= 8, `${tables.length} tables`)
  const found = []
  for (const { name } of tables) {
    const [row] = await run(`select count(*)::int as n from "${name}" x where x::text ilike '%${word}%'`)
    if (row?.['n'] !== 0) found.push(String(name))
  }
  return found
}

/** The ways to end a user: erasure removes as much after a deletion. */
const ENDS: [word: string, ...requests: [method: string, more: string][]][] = [
  ['zanzibar', ['POST', '/erasure']],
  ['bora', ['DELETE', ''], ['POST', '/erasure']],
  ['tonga', ['DELETE', '?cascade=true'], ['POST', '/erasure']]
]

t.test('nothing that an erased user said is left, and what others count on is', async (t) => {
  for (const [word, ...ends] of ENDS)
    t.test(`after ${ends.join(', ')}`, async (t) => {
      const name = word.replace(/^./, (letter) => letter.toUpperCase())
      const draft = { username: name, email: `${word}@example.com` }
      const headers = { 'idempotency-key': word }
      const { json: user } = await request('POST', '/users', { json: draft, headers })
      const { json: other } = await request('POST', '/users', {
        json: {
          username: `other ${ends.length}${word.length}`,
          email: `other${ends.length}${word.length}@example.com`
        }
      })
      const target = { original_url: `https://${word}.example/`, title: `Of ${name}`, note: `For ${name}` }
      const { json: url } = await request('POST', '/urls', { json: { user_id: user.id, ...target } })
      const { json: gone } = await request('POST', '/urls', { json: { user_id: user.id, ...target } })
      const { json: kept } = await request('POST', '/urls', {
        json: { user_id: other.id, original_url: 'https://kept.example/', title: 'Kept' }
      })
      await request('PUT', `/urls/${url.id}`, { json: { title: `${name} again`, note: `${name} again` } })
      await request('DELETE', `/urls/${gone.id}`)
      const seen = { url_id: kept.id, user_id: user.id, event_type: 'seen', details: { by: name } }
      await request('POST', '/events', { json: seen, headers: { 'idempotency-key': `${word} seen` } })
      const said = { url_id: url.id, user_id: other.id, event_type: 'said', details: { of: name } }
      await request('POST', '/events', { json: said, headers: { 'idempotency-key': `${word} said` } })
      await request('POST', '/keys', { json: { name: `${word} laptop`, role: 'member', user_id: user.id } })
      const author = { kind: 'key', keyId: 'k', userId: user.id, name, requestId: null }
      await app.audit.actAs(author, () =>
        app.database.transaction(() =>
          app.audit.record([{ action: 'looked', resource: 'url', id: kept.id, after: { seen: true } }])
        )
      )
      t.equal((await request('GET', `/${url.short_code}`)).status, 302)
      const tables = ['api_keys', 'audit_log', 'events', 'idempotency_keys', 'urls', 'users']
      t.same(await tablesWith(word), tables)

      for (const [method, more] of ends)
        t.equal((await request(method, `/users/${user.id}${more}`)).status, 204)
      t.same(
        (await tablesWith(word)).filter((table) => table !== 'idempotency_keys'),
        [],
        'beside the keys that were sent'
      )
      t.equal(
        (await request('POST', '/users', { json: draft, headers })).json.code,
        'IDEMPOTENCY_ANSWER_ERASED'
      )
      t.equal((await request('GET', `/users/${user.id}`)).status, 404)
      t.equal((await request('GET', `/${url.short_code}`)).status, 404, 'its links lead nowhere')
      const again = { original_url: 'https://a.dev', short_code: url.short_code }
      t.equal((await request('POST', '/urls', { json: again })).status, 409, 'and their codes stay taken')

      t.match((await request('GET', `/urls/${kept.id}`)).json, { title: 'Kept', user_id: other.id })
      const audit = async (query: string) => (await request('GET', `/audit?${query}`)).json
      const entries = await audit(`resource=user&resource_id=${user.id}`)
      t.match(entries[0], { action: 'erased' })
      for (const entry of entries) t.match(entry, { before: null, after: null })
      t.match(await audit(`user_id=${user.id}`), [
        { action: 'looked', after: { seen: true }, actor: { name: null } }
      ])
      t.match(await audit(`resource=user&resource_id=${other.id}`), [{ after: { username: other.username } }])
      t.equal((await request('POST', `/users/${user.id}/erasure`)).status, 204, 'it may be erased again')
      t.equal(
        (await request('POST', `/users/${user.id + 1_000}/erasure`)).status,
        404,
        'an id that was never in use'
      )
      t.equal((await request('POST', '/users', { json: draft })).status, 201, 'the name is free again')
    })
})

t.test('stored idempotent responses are erased too, and their requests do not run again', async (t) => {
  const post = (path: string, key: string, json: object) =>
    request('POST', path, { json, headers: { 'idempotency-key': key } })
  const requests: [string, string, object][] = [
    ['/users', 'e1', { username: 'Xanadu', email: 'xanadu@example.com' }],
    ['/users', 'e2', { username: 'kept', email: 'kept@example.com' }]
  ]
  const asked = (at: number) => requests[at] as [string, string, object]
  const [{ json: user }, { json: other }] = [await post(...asked(0)), await post(...asked(1))]
  const target = 'https://xanadu.example/'
  requests.push(
    ['/urls', 'e3', { user_id: user.id, original_url: target, title: 'Xanadu' }],
    ['/urls', 'e4', { user_id: other.id, original_url: 'https://kept.example/' }]
  )
  const { json: url } = await post(...asked(2))
  await post(...asked(3))
  requests.push([
    '/events',
    'e5',
    { url_id: url.id, user_id: user.id, event_type: 'seen', details: { by: 'Xanadu' } }
  ])
  await post(...asked(4))
  const { json: short } = await post('/shorten', 'e6', { url: target })
  await app.database.db.execute(
    sql`update urls set user_id = ${user.id} where short_code = ${short.short_code}`
  )
  t.ok((await tablesWith('xanadu')).includes('idempotency_keys'))

  t.equal((await request('POST', `/users/${user.id}/erasure`)).status, 204)
  t.same(await tablesWith('xanadu'), [])
  for (const [at, status] of [410, 201, 410, 201, 410].entries()) {
    const again = await post(...asked(at))
    t.equal(again.status, status, asked(at)[1])
    if (status === 410) t.equal(again.json.code, 'IDEMPOTENCY_ANSWER_ERASED')
  }
  t.equal((await post('/shorten', 'e6', { url: target })).status, 410)
  t.same(await tablesWith('xanadu'), [], 'and what was sent again is stored nowhere')
})

t.test('a failed erasure erases nothing', async (t) => {
  const draft = { username: 'Yukon', email: 'yukon@example.com' }
  const { json: user } = await request('POST', '/users', { json: draft })
  await request('POST', '/urls', { json: { user_id: user.id, original_url: 'https://yukon.example/' } })
  const before = await tablesWith('yukon')
  app.users.onDelete(async ({ id }) => {
    if (id === user.id) throw new Error('broken')
  })
  t.equal((await request('POST', `/users/${user.id}/erasure`)).status, 500)
  t.same(await tablesWith('yukon'), before)
})
