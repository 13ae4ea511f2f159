import { sql } from 'drizzle-orm'
import t from 'tap'
import { startApp } from '#testing/app.ts'

const { app, request } = await startApp(t)

/** Returns the first words of each statement that `work` sends. */
async function statementsOf(work: () => Promise<{ status: number }>): Promise<string[]> {
  const sent: string[] = []
  const clients = new Map<object, unknown>()
  app.database.pool.on('acquire', (client) => {
    const query = client.query.bind(client)
    clients.set(client, client.query)
    client.query = ((statement: string | { text: string }, ...rest: []) => {
      sent.push(
        (typeof statement === 'string' ? statement : statement.text)
          .trim()
          .split(/[\s;]+/, 1)
          .join()
      )
      return query(statement as string, ...rest)
    }) as typeof client.query
  })
  app.database.pool.on('release', (_error, client) => Object.assign(client, { query: clients.get(client) }))
  const { status } = await work()
  app.database.pool.removeAllListeners('acquire').removeAllListeners('release')
  return [...sent, String(status)]
}

t.test('lookups that callers share run outside their transactions', async (t) => {
  await app.database.transaction(async () => {
    await app.database.db.execute(
      sql`insert into urls (short_code, original_url) values ('early', 'https://a.dev')`
    )
    t.equal(await app.urls.findByKey('early'), null)
  })
  t.match(await app.urls.findByKey('early'), { originalUrl: 'https://a.dev' })
})

t.test('POST /urls sends one statement, with a key four in a transaction', async (t) => {
  const user = await request('POST', '/users', { json: { username: 'ada', email: 'ada@example.com' } })
  const json = { original_url: 'https://a.dev', user_id: user.json.id, title: 'A title' }
  const create = (headers = {}) => statementsOf(() => request('POST', '/urls', { json, headers }))
  await create()
  const transaction = (...statements: string[]) => ['BEGIN', ...statements, 'COMMIT', '201']
  t.same(
    [await create(), await create({ 'idempotency-key': 'k1' }), await create({ 'idempotency-key': 'k1' })],
    [['with', '201'], transaction('select', 'select', 'with', 'insert'), transaction('select', 'select')]
  )
})

t.test('a bulk change of a thousand links sends four statements in a transaction', async (t) => {
  const { rows } = await app.database.db.execute<{ id: string }>(
    sql`insert into urls (short_code, original_url) select 'b' || n, 'https://a.dev/' || n from generate_series(1, 1000) n returning id`
  )
  const items = rows.map(({ id }, at) => ({ id: Number(id), title: `Title ${at}`, is_active: false }))
  const send = (method: string, json: object) =>
    statementsOf(() => request(method, '/api/links/bulk', { json }))
  const transaction = ['BEGIN', 'select', 'update', 'insert', 'insert', 'COMMIT', '200']
  t.same(await send('PATCH', { items }), transaction)
  t.same(await send('PATCH', { items }), ['BEGIN', 'select', 'COMMIT', '200'], 'without effect')
  t.same(await send('DELETE', { items: items.map(({ id }) => ({ id })) }), transaction)
})

t.test('only links with aliases send statements for them', async (t) => {
  const post = (json: object) =>
    request('POST', '/urls', { json: { original_url: 'https://a.dev', title: 'A', ...json } })
  const transaction = (...statements: string[]) => ['BEGIN', ...statements, 'COMMIT']
  t.same(await statementsOf(() => post({ aliases: ['a1', 'a2'] })), [
    ...transaction('select', 'with', 'insert'),
    '201'
  ])
  const { id } = (await post({ short_code: 'renamed' })).json
  const patch = (json: object) => statementsOf(() => request('PATCH', `/urls/${id}`, { json }))
  const recorded = ['update', 'insert', 'insert']
  t.same(await patch({ title: 'B', short_code: 'renamed', aliases: [] }), [
    ...transaction('select', ...recorded),
    '200'
  ])
  t.same(await patch({ short_code: 'new-name' }), [
    ...transaction('select', 'select', 'update', 'insert', 'insert', 'insert'),
    '200'
  ])
  t.same(await patch({ aliases: ['a3'] }), [
    ...transaction('select', 'select', 'delete', 'update', 'insert', 'insert', 'insert'),
    '200'
  ])
})
