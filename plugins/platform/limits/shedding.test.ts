import { setImmediate as tick, setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { buildApp } from '#apps/app.ts'
import { readConfig } from '#apps/config.ts'
import { createClient, startApp, storageOf } from '#testing/app.ts'
import { startServer } from '#testing/process.ts'

/** Load shedding while the event loop is late. */

function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** Blocks the event loop, which this process shares with the server, until `holds` returns true. */
async function blockUntil(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    block(120)
    if (await holds()) return
  }
  throw new Error('it never came to be')
}

t.test('while the event loop is late, API calls are shed and links redirect', async (t) => {
  const { request } = await startApp(t, { env: { SHED_EVENT_LOOP_MS: '50' } })
  const json = { original_url: 'https://example.com/' }
  // On a busy machine the event loop may be late before the test blocks it.
  let made: Awaited<ReturnType<typeof request>>
  do made = await request('POST', '/urls', { json })
  while (made.status === 503)
  t.equal(made.status, 201)
  const countShed = async () =>
    Number(/^fairlead_requests_shed_total (\d+)$/m.exec((await request('GET', '/metrics')).text)?.[1] ?? 0)
  const before = await countShed()
  const path = `/${made.json.short_code}`
  t.equal((await request('GET', path)).status, 302, 'warm')

  const shed: Awaited<ReturnType<typeof request>>[] = []
  await blockUntil(async () => {
    const answer = await request('POST', '/urls', { json })
    if (answer.status !== 503) return false
    shed.push(answer)
    const others = await Promise.all(
      ['/urls', '/stats', path, `/s${path}`, '/health', '/health/live', '/health/ready'].map((path) =>
        request('GET', path)
      )
    )
    t.same(
      others.map(({ status }) => status),
      [503, 503, 302, 302, 200, 200, 200]
    )
    t.match(others.at(-1)?.json, { status: 'degraded', checks: { load: { status: 'failed' } } })
    return true
  })
  const [refused] = shed
  t.match(refused?.json, { code: 'OVERLOADED', status: 503 })
  t.match(refused?.headers.get('retry-after'), /^[123]$/)
  t.equal((await countShed()) - before, 3)
})

t.test('a slow start does not shed the first calls', async (t) => {
  const storage = await storageOf(t, 'alone')
  const app = await buildApp(readConfig({ ...storage, LINGER_MS: '100', SHED_EVENT_LOOP_MS: '50' }))
  t.teardown(() => app.close())
  app.addHook('onReady', async () => {
    // On a slow machine a start blocks the event loop for longer.
    for (let turns = 0; turns < 10; turns++) {
      block(200)
      await tick()
    }
  })
  const request = createClient(await app.listen({ host: '127.0.0.1', port: 0 }))
  const { status } = await request('POST', '/shorten', { json: { url: 'https://example.com/' } })
  t.equal(status, 201)
})

t.test('a process that was paused serves the requests that arrived meanwhile', async (t) => {
  const env = { ...(await storageOf(t, 'alone')), SHED_EVENT_LOOP_MS: '60' }
  const { child, request } = await startServer(t, env)
  const create = () => request('POST', '/urls', { json: { original_url: 'https://acme.dev/' } })
  await create()
  child.kill('SIGSTOP')
  const waiting = Array.from({ length: 5 }, create)
  await wait(4_000)
  child.kill('SIGCONT')
  t.same(new Set((await Promise.all(waiting)).map(({ status }) => status)), new Set([201]))
})

t.test('the description has the shed responses of calls, not of redirects', async (t) => {
  const { request } = await startApp(t)
  const { paths } = (await request('GET', '/openapi.json')).json
  t.ok(paths['/urls'].post.responses['503'])
  t.ok(paths['/urls'].get.responses['503'])
})

t.test('a process above its memory limit sheds calls', async (t) => {
  const { request } = await startApp(t, { env: { SHED_RSS_MB: '1' } })
  let status = 0
  while (status !== 503) status = (await request('GET', '/urls')).status
  t.equal((await request('GET', '/unknown')).status, 404)
})
