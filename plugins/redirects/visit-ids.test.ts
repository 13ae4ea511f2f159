import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { startApp } from '#testing/app.ts'

/** Visits with an id from the proxy, so that a retry on the second replica does not count again. */

/** Returns the name of a visit as nginx writes it. */
function nameVisit(at = Date.now()): string {
  return `${(at / 1_000).toFixed(3)}-${randomBytes(16).toString('hex')}`
}

async function startFollowed(t: Test, trustProxy: string) {
  // Without a consumer between an answer and its event.
  const { app, request } = await startApp(t, { profile: 'alone', env: { TRUST_PROXY: trustProxy } })
  const { json: url } = await request('POST', '/urls', { json: { original_url: 'https://acme.dev/' } })
  const paths = [`/${url.short_code}`, `/s/${url.short_code}`]
  return {
    async follow(visit: string, path = paths[0] ?? '') {
      const { status } = await request('GET', path, { headers: { 'x-visit-id': visit } })
      if (status !== 302) throw new Error(`${status}`)
    },
    paths,
    async listClicks() {
      await app.clicks.settle(10_000)
      const { json } = await request('GET', `/events?url_id=${url.id}&event_type=click`)
      const { json: stats } = await request('GET', `/urls/${url.id}/stats`)
      t.equal(stats.clicks, json.length, 'the statistics say the same')
      return json as { timestamp: string }[]
    }
  }
}

t.test('visits with an id from the proxy', async (t) => {
  const { follow, paths, listClicks } = await startFollowed(t, '127.0.0.1')

  t.test('are counted once each, on every path', async (t) => {
    const at = Date.now() - 3_600_000
    const visit = nameVisit(at)
    // Cold, cached in process, through the framework, and several in one batch.
    for (const path of [...paths, ...paths]) await follow(visit, path)
    await Promise.all(Array.from({ length: 20 }, () => follow(visit)))
    const clicks = await listClicks()
    t.equal(clicks.length, 1)
    t.equal(
      clicks[0]?.timestamp,
      new Date(at).toISOString().slice(0, 19),
      'at the time when the proxy met it'
    )
    await Promise.all([follow(visit), follow(nameVisit()), follow(nameVisit())])
    t.equal((await listClicks()).length, 3, 'others beside it are counted')
  })

  t.test('get an id of ours if theirs is invalid or has an implausible time', async (t) => {
    const before = (await listClicks()).length
    const visit = nameVisit()
    const wrong = [
      '',
      visit.slice(1),
      `${visit}0`,
      `${visit.slice(0, -20)}X${visit.slice(-19)}`,
      `${visit}, ${visit}`,
      nameVisit(Date.now() - 2 * 86_400_000),
      nameVisit(Date.now() + 2 * 86_400_000)
    ]
    for (const name of wrong) for (let times = 0; times < 2; times++) await follow(name)
    t.equal((await listClicks()).length, before + 2 * wrong.length)
  })
})

t.test('only the proxy can name a visit', async (t) => {
  const { follow, listClicks } = await startFollowed(t, '10.0.0.0/8')
  const visit = nameVisit(Date.now() - 3_600_000)
  for (let times = 0; times < 4; times++) await follow(visit)
  const clicks = await listClicks()
  t.equal(clicks.length, 4)
  t.ok(clicks.every(({ timestamp }) => Date.parse(`${timestamp}Z`) > Date.now() - 1_800_000))
})
