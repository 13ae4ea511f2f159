import { sql } from 'drizzle-orm'
import t from 'tap'
import { SYSTEM } from '#platform/access/caller.ts'
import type { OpenOptions } from '#platform/cache/index.ts'
import { startApp } from '#testing/app.ts'
import { createCodes, type RandomSource } from './codes.ts'
import { createUrlService, type UrlService } from './service.ts'

/** Collisions of random codes, forced by a source of randomness that repeats itself. */

const { app, request } = await startApp(t)
const collaborators = {
  users: app.users,
  events: app.events,
  audit: app.audit,
  erase: async () => undefined,
  outbox: app.outbox,
  blocklist: app.blocklist,
  checkTarget: () => null
}
let opened = 0
/** Each service opens caches of its own. */
const cache = {
  ...app.cache,
  open: <V>(options: OpenOptions<V>) => app.cache.open({ ...options, name: `urls-${++opened}` })
}
const codesOf = (random: RandomSource) =>
  createCodes({ length: 6, style: 'base62', isCaseSensitive: true, reserved: [], random })
const random = (size: number) => new Uint8Array(size).fill(10)
const { service } = createUrlService(app.database, cache, collaborators, codesOf(random))
const create = async (service: UrlService) =>
  (await (await service.prepare(SYSTEM, { original_url: 'https://example.com' }))()).row

t.test('a taken code gives way to a longer one, in the same statement', async (t) => {
  const codes = []
  for (let at = 0; at < 3; at++) codes.push((await create(service)).shortCode)
  t.same(codes, ['AAAAAA', 'AAAAAAA', 'AAAAAAAA'])
})

t.test('when all codes are taken, the error says so and nothing is stored', async (t) => {
  await t.rejects(create(service), {
    code: 'URL_CODES_EXHAUSTED',
    statusCode: 503,
    retryAfter: 1
  })
  const { rows } = await app.database.db.execute<{ urls: string; events: string }>(
    sql`select (select count(*) from urls) as urls, (select count(*) from events) as events`
  )
  t.match(rows[0], { urls: '3', events: '3' })
})

t.test('concurrent creations with the same random codes each get their own', async (t) => {
  const other = (size: number) => new Uint8Array(size).fill(11)
  const { service } = createUrlService(app.database, cache, collaborators, codesOf(other))
  const tries = await Promise.allSettled(Array.from({ length: 3 }, () => create(service)))
  const codes = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value.shortCode] : []))
  t.equal(new Set(codes).size, codes.length)
  t.ok(codes.includes('BBBBBB'))
  t.ok(
    tries.every((one) => one.status === 'fulfilled'),
    'none is refused while there is a free one'
  )
})

t.test('an owner of very many urls is deleted with all of them, each with its event', async (t) => {
  const user = await request('POST', '/users', { json: { username: 'many', email: 'many@example.com' } })
  const { id } = user.json
  await app.database.db.execute(sql`
    insert into urls (user_id, short_code, original_url)
    select ${id}::bigint, 'many' || n, 'https://example.com' from generate_series(1, 10000) n`)
  t.equal((await request('DELETE', `/users/${id}?cascade=true`)).status, 204)
  const events = await request('GET', `/events?user_id=${id}&event_type=deleted&per_page=1`)
  t.equal(events.headers.get('x-total-count'), '10000')
  t.equal((await request('GET', '/many9999')).status, 404)
})
