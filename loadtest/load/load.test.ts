import t, { type Test } from 'tap'
import { createZipf, type Profile, pickKind, profiles } from '#loadtest/k6/profiles.ts'
import { createRandom } from '#loadtest/links.ts'
import { startApp } from '#testing/app.ts'
import { runProfile } from './run-profile.ts'

async function startWithLinks(t: Test) {
  // Without a consumer between an answer and its event.
  const app = await startApp(t, { profile: 'alone' })
  for (const short_code of ['first', 'second', 'third']) {
    await app.request('POST', '/urls', { json: { original_url: 'https://acme.dev/a', short_code } })
  }
  return app
}

t.test('autocannon runs a profile, and reports an exceeded threshold', async (t) => {
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

t.test('the shares of every profile add up to 1, and pickKind follows them', async (t) => {
  const random = createRandom(1)
  for (const [name, { mix }] of Object.entries(profiles) as [string, Profile][]) {
    const sum = Object.values(mix).reduce((sum, share) => sum + share, 0)
    t.ok(Math.abs(sum - 1) < 1e-9, name)
    const picked = Array.from({ length: 10_000 }, () => pickKind(mix, random()))
    const follows = picked.filter((kind) => kind === 'follow').length / picked.length
    t.ok(Math.abs(follows - (mix.follow ?? 0)) < 0.02, name)
  }
})

t.test('the first link is followed twice as often as the second, and every link at least once', async (t) => {
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
