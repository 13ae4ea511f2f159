import { sql } from 'drizzle-orm'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { createAuditService } from './service.ts'

const { app, request } = await startApp(t)
const read = async (query: string) => (await request('GET', `/audit?${query}`)).json
const original_url = 'https://acme.dev/a'

t.test('each entry has its changed values and its request', async (t) => {
  const user = { username: 'ada', email: 'ada@example.com' }
  const { json: ada } = await request('POST', '/users', { json: user, headers: { 'x-request-id': 'r-1' } })
  await request('PUT', `/users/${ada.id}`, { json: { ...user, username: 'countess' } })
  const { json: url } = await request('POST', '/urls', {
    json: { user_id: ada.id, original_url, title: 'A' }
  })
  await request('PUT', `/urls/${url.id}`, { json: { title: null, original_url } })
  await request('PUT', `/urls/${url.id}`, { json: { title: null } })
  await request('DELETE', `/users/${ada.id}?cascade=true`)
  const values = {
    user_id: ada.id,
    short_code: url.short_code,
    original_url,
    is_active: true,
    expires_at: null
  }
  const [disowned, deleted, updated, created] = await read(`resource=url&resource_id=${url.id}`)
  t.match(created, { action: 'created', before: null, after: { ...values, title: 'A' } })
  t.match(updated, { action: 'updated', before: { title: 'A' }, after: { title: null } })
  t.same(Object.keys(updated.after), ['title'], 'what is the same is left out')
  t.match(deleted, { action: 'deleted', before: { ...values, title: null }, after: null })
  t.match(disowned, { action: 'updated', before: { user_id: ada.id }, after: { user_id: null } })
  t.match(await read(`resource=user&resource_id=${ada.id}`), [
    { action: 'deleted', before: { username: 'countess', email: user.email }, after: null },
    { action: 'updated', before: { username: 'ada' }, after: { username: 'countess' } },
    {
      action: 'created',
      before: null,
      after: user,
      request_id: 'r-1',
      actor: { kind: 'open', user_id: null }
    }
  ])
  t.equal((await read('request_id=r-1')).length, 1)
})

t.test('a change of a note is recorded without its text', async (t) => {
  const { json: url } = await request('POST', '/urls', { json: { original_url, note: 'first' } })
  for (const note of ['second', null]) await request('PUT', `/urls/${url.id}`, { json: { note } })
  await request('DELETE', `/urls/${url.id}`)
  const hidden = { note: '(not recorded)' }
  t.match(await read(`resource=url&resource_id=${url.id}`), [
    { action: 'deleted', before: { note: null } },
    { action: 'updated', before: hidden, after: { note: null } },
    { action: 'updated', before: hidden, after: hidden },
    { action: 'created', after: hidden }
  ])
})

t.test('failed requests leave no entries', async (t) => {
  const before = (await read('per_page=1'))[0].id
  await request('POST', '/urls', { json: { original_url, user_id: 999 } })
  await request('DELETE', '/urls/999999')
  await request('GET', '/urls')
  t.equal((await read('per_page=1'))[0].id, before)
})

t.test('concurrent changes are recorded with their own requests', async (t) => {
  const ids = Array.from({ length: 20 }, (_, at) => `par-${at}`)
  const answers = await Promise.all(
    ids.map((id) => request('POST', '/urls', { json: { original_url }, headers: { 'x-request-id': id } }))
  )
  for (const [at, id] of ids.entries()) {
    const entries = await read(`request_id=${id}`)
    t.same(
      entries.map(({ resource_id }: { resource_id: string }) => resource_id),
      [String(answers[at]?.json.id)]
    )
  }
})

t.test('an import is one entry, with its author', async (t) => {
  const body =
    'id,username,email,created_at\n501,a,a@b.dev,2025-01-01 00:00:00\nx,b,b@b.dev,2025-01-01 00:00:00\n'
  const headers = { 'content-type': 'text/csv', 'x-request-id': 'imp-1' }
  t.equal((await request('POST', '/users/bulk', { body, headers })).status, 201)
  const form = new FormData()
  form.append('file', new Blob([body]), 'users.csv')
  await request('POST', '/users/bulk', { body: form, headers: { 'x-request-id': 'imp-2' } })
  t.match(await read('action=imported'), [
    { resource: 'users', request_id: 'imp-2', after: { count: 2, imported: 0, skipped: 1, rejected: 1 } },
    { resource: 'users', request_id: 'imp-1', after: { count: 2, imported: 1, skipped: 0, rejected: 1 } }
  ])
})

t.test('pages have neither gaps nor repeats', async (t) => {
  const ids: number[] = []
  for (let path: string | undefined = '/audit?per_page=7&resource=url'; path; ) {
    const { json, headers } = await request('GET', path)
    ids.push(...json.map(({ id }: { id: number }) => id))
    path = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1]
  }
  t.ok(ids.length > 20)
  t.same(
    ids,
    [...new Set(ids)].sort((a, b) => b - a)
  )
  t.equal((await request('GET', '/audit?since=yesterday')).status, 422)
})

t.test('entries can be neither changed nor deleted', async (t) => {
  const run = (text: string) => app.database.db.execute(sql.raw(text))
  const refused = { cause: { code: '42501' } }
  await t.rejects(run(`update audit_log set before = null`), refused)
  await t.rejects(run('delete from audit_log'), refused)
  await t.rejects(run('truncate audit_log'), refused)
  const erase = (column: string) =>
    app.database.transaction(async () => {
      await app.database.db.execute(sql`set local fairlead.audit = 'erasure'`)
      await app.database.db.execute(sql.raw(`update audit_log set ${column}`))
    })
  await t.rejects(erase(`action = 'x'`), refused, 'erasure takes out values only')
  await t.resolves(erase('before = null'))
  await t.rejects(run('update audit_log set after = null'), refused, 'and the permission ends with it')
})

t.test('retention deletes only older entries', async (t) => {
  const maintain = (months: number) =>
    createAuditService(app.database, { retentionMonths: 2 }).maintain(Date.now() + months * 31 * 86_400_000)
  t.equal(await maintain(1), 0)
  await app.audit.actAs({ kind: 'key', keyId: 'k1', userId: 7, name: 'ci', requestId: null }, () =>
    app.audit.record([{ action: 'revoked', resource: 'key', id: 'k2' }])
  )
  t.match(await read('key_id=k1&user_id=7'), [{ action: 'revoked', actor: { kind: 'key', name: 'ci' } }])
  t.ok((await maintain(3)) > 20)
  t.same(await read(''), [])
})

t.test('a month of retention ends on the same day, or on the last one of a shorter month', async (t) => {
  for (const [now, months, kept, deleted] of [
    ['2025-03-31T12:00:00Z', 1, '2025-02-28T12:00:00Z', '2025-02-28T11:59:59Z'],
    ['2024-03-31T00:00:00Z', 1, '2024-02-29T00:00:00Z', '2024-02-28T23:59:59Z'],
    ['2025-05-31T08:00:00Z', 3, '2025-02-28T08:00:00Z', '2025-02-28T07:59:59Z'],
    ['2025-12-15T00:00:00Z', 12, '2024-12-15T00:00:00Z', '2024-12-14T23:59:59Z']
  ] as const) {
    for (const at of [kept, deleted])
      await app.database.db.execute(
        sql`insert into audit_log (at, actor_kind, action, resource, resource_id) values (${at}, 'system', 'x', 'x', ${at})`
      )
    const service = createAuditService(app.database, { retentionMonths: months })
    t.equal(await service.maintain(Date.parse(now)), 1, now)
    t.same(await read(`resource=x&resource_id=${deleted}`), [])
    t.equal((await read(`resource=x&resource_id=${kept}`)).length, 1)
    await service.maintain(Date.now() + 86_400_000 * 366 * 2)
  }
})
