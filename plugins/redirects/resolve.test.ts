import t from 'tap'
import { makeLinkTarget } from '#testing/make-link-target.ts'
import { type CachedLink, toCachedLink } from './cached-link.ts'
import { isPlain, resolve } from './resolve.ts'

const NOW = 1_000
const VISIT = { now: NOW, url: '/a' }
const TARGET = makeLinkTarget({ originalUrl: 'https://acme.dev/café' })
const LINK = toCachedLink(TARGET)

/** The reasons against a redirect, in order of precedence, with their statuses. */
const REASONS: [name: string, change: Partial<CachedLink>, status: number][] = [
  ['blocked', { isBlocked: true }, 403],
  ['inactive', { isActive: false }, 404],
  ['not started', { startsAt: NOW + 1 }, 404],
  ['used up with a target', { isUsedUp: true, expiredLocation: 'https://acme.dev/over' }, 302],
  ['expired with a target', { expiresAt: NOW, expiredLocation: 'https://acme.dev/over' }, 302],
  ['used up', { isUsedUp: true }, 410],
  ['expired', { expiresAt: NOW }, 410],
  ['locked', { passwordVersion: 5 }, 401]
]

function statusOf(link: CachedLink | null): number {
  const resolution = resolve(link, VISIT)
  if (resolution.kind === 'password') return 401
  return resolution.kind === 'location' ? resolution.status : resolution.problem.statusCode
}

t.test('a link without a reason against it gives its location, even just before it expires', async (t) => {
  for (const expiresAt of [null, NOW + 1]) {
    const link = { ...LINK, expiresAt }
    t.same(resolve(link, VISIT), {
      kind: 'location',
      location: 'https://acme.dev/caf%C3%A9',
      status: 302,
      link
    })
    t.ok(isPlain(link, NOW))
  }
})

t.test('a code that no link has is unknown', async (t) => {
  t.equal(statusOf(null), 404)
})

t.test('of each pair of reasons the earlier one applies', async (t) => {
  const pairs = REASONS.flatMap((first, at) => REASONS.slice(at).map((second) => [first, second] as const))
  t.same(
    pairs.map(([first, second]) => {
      const link = { ...LINK, ...second[1], ...first[1] }
      return [`${first[0]}, ${second[0]}`, statusOf(link), isPlain(link, NOW)]
    }),
    pairs.map(([first, second]) => [`${first[0]}, ${second[0]}`, first[2], false])
  )
})

t.test('a link with a password gives its location to a request that proved it', async (t) => {
  const link = { ...LINK, passwordVersion: 5 }
  t.match(resolve(link, { ...VISIT, isUnlocked: true }), { kind: 'location', location: link.location })
})

t.test('a link with visits left is not plain, and its redirect is limited', async (t) => {
  const link = toCachedLink({ ...TARGET, maxVisits: 2, visitsUsed: 1 })
  t.match(resolve(link, VISIT), { kind: 'location', location: LINK.location, isLimited: true })
  t.notOk(isPlain(link, NOW))
})

t.test('a click that leads to the target after the end records why', async (t) => {
  const expiredUrl = 'https://acme.dev/over'
  const usedUp = toCachedLink({ ...TARGET, expiredUrl, maxVisits: 2, visitsUsed: 2, expiresAt: NOW })
  const expired = toCachedLink({ ...TARGET, expiredUrl, maxVisits: 2, visitsUsed: 1, expiresAt: NOW })
  t.same(
    [usedUp, expired].map((link) => resolve(link, VISIT)),
    [
      { kind: 'location', location: expiredUrl, status: 302, link: usedUp, details: { outcome: 'used_up' } },
      { kind: 'location', location: expiredUrl, status: 302, link: expired, details: { outcome: 'expired' } }
    ]
  )
})
