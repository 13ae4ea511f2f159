import { MessageChannel, Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { createZipf, type Profile, pickKind, profiles } from '#loadtest/k6/profiles.ts'
import { createRandom } from '#loadtest/links.ts'
import { startApp } from '#testing/app.ts'
import type { Job, Request, Run } from './k6-stand-in.ts'
import { runProfile } from './run-profile.ts'

/** Executes the k6 script in the stand-in of k6, sending its requests for it; `afterSetup` runs before its first iteration. */
async function executeScript(
  t: Test,
  env: Record<string, string>,
  iterations: number,
  afterSetup: () => Promise<unknown> = async () => undefined
): Promise<Run> {
  let sent = 0
  const { port1: port, port2 } = new MessageChannel()
  const bell = new Int32Array(new SharedArrayBuffer(4))
  const workerData: Job = { port: port2, bell, env, iterations }
  const worker = new Worker(new URL('./k6-stand-in.ts', import.meta.url), {
    workerData,
    transferList: [port2]
  })
  t.teardown(() => worker.terminate())
  return new Promise((done, fail) => {
    worker.on('error', fail)
    port.on('message', async (message: Request | { run: Run }) => {
      if ('run' in message) return done(message.run)
      const { method, url, body, params } = message
      if (sent++ === 1) await afterSetup()
      const answer = await fetch(url, {
        method,
        body,
        headers: params.headers ?? {},
        redirect: params.redirects === 0 ? 'manual' : 'follow'
      })
      port.postMessage({ status: answer.status, body: await answer.text() })
      Atomics.store(bell, 0, 1)
      Atomics.notify(bell, 0)
    })
  })
}

async function startWithLinks(t: Test) {
  // Where no drainer stands between an answer and its event.
  const app = await startApp(t, { profile: 'alone' })
  for (const short_code of ['first', 'second', 'third']) {
    await app.request('POST', '/urls', { json: { original_url: 'https://acme.dev/a', short_code } })
  }
  return app
}

t.test('the k6 script asks for what its profile says and meets the answers it expects', async (t) => {
  const { url, request } = await startWithLinks(t)
  const run = await executeScript(t, { BASE_URL: `${url}/`, PROFILE: 'smoke' }, 50)
  t.same(run.checks, { passed: 50, failed: 0 })
  t.equal(run.targets, 3)
  t.same(
    new Set(run.requests.map(({ params }) => params.tags?.['name'])).size,
    6,
    'set-up and all five kinds'
  )
  t.same(
    run.metrics['fairlead_unexpected']?.reduce((sum, one) => sum + one),
    0
  )
  const { headers } = await request('GET', '/events?event_type=click&page=1&per_page=1')
  t.equal(Number(headers.get('x-total-count')), run.metrics['fairlead_redirects']?.length)
  t.ok(run.sleptSeconds > 0 && run.sleptSeconds <= 6, 'paused between requests as the pace says')
})

t.test('the k6 script counts an answer that is not the expected', async (t) => {
  const { url, request } = await startWithLinks(t)
  const { checks, metrics } = await executeScript(t, { BASE_URL: url, PROFILE: 'load-50' }, 20, () =>
    request('PUT', '/urls/1', { json: { is_active: false } })
  )
  t.ok(checks.failed > 0, 'the first link is followed most')
  t.equal(checks.failed, metrics['fairlead_unexpected']?.filter(Boolean).length)
  t.equal(checks.passed, metrics['fairlead_redirects']?.length)
})

t.test('the k6 script has the stages and the thresholds of its profile', async (t) => {
  const { url } = await startWithLinks(t)
  const { options } = await executeScript(t, { BASE_URL: url, PROFILE: 'spike' }, 1)
  const stages = options.scenarios['spike']?.stages ?? []
  t.same(
    stages.map(({ duration, target }) => [duration, target]),
    [50, 500, 50].flatMap((users, index) => [
      ['0s', users],
      [`${profiles.spike.phases[index]?.seconds}s`, users]
    ])
  )
  t.same(options.thresholds['http_req_duration'], ['p(95)<100'])
  t.same(options.thresholds['fairlead_unexpected'], ['rate<=0'])
  await t.rejects(executeScript(t, { PROFILE: 'nope' }, 1), /no profile nope: smoke, /)
})

t.test('autocannon runs a profile, and tells a threshold that was broken', async (t) => {
  const { url } = await startWithLinks(t)
  const profile: Profile = {
    about: '',
    phases: [{ users: 2, seconds: 1 }],
    pace: 5,
    mix: { follow: 0.5, create: 0.2, health: 0.3 },
    thresholds: { errors: 0, p95Ms: 60_000 }
  }
  const load = await runProfile(profile, url, [{ id: 1, code: 'first' }])
  t.ok(load.answers > 0)
  t.equal(load.failures, 0)
  t.same(load.broken, [])
  const unknown = await runProfile({ ...profile, mix: { follow: 1 } }, url, [{ id: 9, code: 'nowhere' }])
  t.same(unknown.statuses, { 404: unknown.answers })
  t.match(unknown.broken, [/^\d+ of \d+ requests failed$/])
})

t.test('every profile shares out all its requests, by shares that pickKind keeps to', async (t) => {
  const random = createRandom(1)
  for (const [name, { mix }] of Object.entries(profiles) as [string, Profile][]) {
    const sum = Object.values(mix).reduce((sum, share) => sum + share, 0)
    t.ok(Math.abs(sum - 1) < 1e-9, name)
    const picked = Array.from({ length: 10_000 }, () => pickKind(mix, random()))
    const follows = picked.filter((kind) => kind === 'follow').length / picked.length
    t.ok(Math.abs(follows - (mix.follow ?? 0)) < 0.02, name)
  }
})

t.test('the first link is followed twice as often as the second, and all are', async (t) => {
  const pick = createZipf(10)
  const random = createRandom(1)
  const counts = Array.from({ length: 10 }, () => 0)
  for (let times = 0; times < 100_000; times++) {
    const rank = pick(random())
    counts[rank] = (counts[rank] ?? 0) + 1
  }
  t.ok(counts.every((count) => count > 0))
  t.ok(Math.abs((counts[0] ?? 0) / (counts[1] ?? 1) - 2) < 0.1)
  t.equal(pick(0), 0)
  t.equal(pick(0.999999), 9)
})
