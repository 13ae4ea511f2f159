import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { hasServers, type Running, startApp, storageOf } from '#testing/app.ts'
import { missing } from '#testing/servers.ts'
import { UNLIMITED, upstreamOf } from './render.ts'
import { startSite } from './sites.ts'

/** One visit is one click, also where nginx had to ask a second replica after the first had counted it. */

const skip = missing('nginx') || !hasServers()

/** A way to `target` on which each answer is cut off as it arrives, as when a replica is killed after its work. */
async function openCuttingWay(t: Test, target: string) {
  const { hostname, port } = new URL(target)
  const state = { answersCut: 0 }
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    near.on('error', () => far.destroy()).pipe(far)
    far.on('error', () => near.destroy())
    far.once('data', () => {
      state.answersCut++
      near.resetAndDestroy()
      far.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const { port: own } = server.address() as { port: number }
  return { state, address: `127.0.0.1:${own}` }
}

async function countClicks({ request }: Running, urlId: number): Promise<number> {
  const { headers } = await request('GET', `/events?url_id=${urlId}&event_type=click&page=1&per_page=1`)
  return Number(headers.get('x-total-count'))
}

t.test('answers that were cut off are asked for again and counted once', { skip }, async (t) => {
  const storage = await storageOf(t, 'server')
  const env = { TRUST_PROXY: '127.0.0.1' }
  const dying = await startApp(t, { storage, env })
  const living = await startApp(t, { storage, env })
  const way = await openCuttingWay(t, dying.url)
  const { url } = await startSite(t, {
    UPSTREAM: upstreamOf([way.address, new URL(living.url).host]),
    ...UNLIMITED
  })
  const { json: link } = await living.request('POST', '/urls', {
    json: { original_url: 'https://acme.dev/' }
  })
  const forged = `${(Date.now() / 1_000).toFixed(3)}-${'a'.repeat(32)}`
  const visits = 60
  for (let at = 0; at < visits; at += 10) {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        fetch(`${url}/${link.short_code}`, { redirect: 'manual', headers: { 'x-visit-id': forged } })
      )
    )
    t.same(new Set(answers.map(({ status }) => status)), new Set([302]))
  }
  t.ok(way.state.answersCut > 10, `${way.state.answersCut} answers were cut off`)
  // A click on its way is stored when both have nothing left: the stream is then empty.
  for (const { app } of [dying, living]) await app.clicks.flush()
  while ((await living.app.clicks.backlog())?.entries !== 0) await new Promise((done) => setTimeout(done, 20))
  t.equal(await countClicks(living, link.id), visits, 'and what the visitors say of themselves names nothing')
  const { json: stats } = await living.request('GET', `/urls/${link.id}/stats`)
  t.equal(stats.clicks, visits)
})
