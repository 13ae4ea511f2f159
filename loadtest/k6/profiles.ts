/**
 * The load profiles. `npm run load` runs them with autocannon, the scripts beside this file with k6. Plain
 * data and arithmetic only, since k6 has its own runtime (not Node).
 */

/**
 * Kinds of requests of a virtual user: a redirect of a code as popular as in real traffic, or another
 * request.
 */
export type Kind = 'follow' | 'list' | 'read' | 'create' | 'health'

/** A part of a profile: a number of users for a time. */
export interface Phase {
  users: number
  seconds: number
}

export interface Profile {
  /** The purpose of the profile. */
  about: string
  phases: Phase[]
  /**
   * Requests per second and user. If undefined, users do not pause: each sends the next request after an
   * answer.
   */
  pace?: number
  /** Shares of the requests by kind; their sum is 1. */
  mix: Partial<Record<Kind, number>>
  thresholds: Thresholds
}

export interface Thresholds {
  /** Largest share of requests without the expected answer. */
  errors: number
  /** Largest 95th percentile of the latency, in milliseconds. */
  p95Ms: number
  p99Ms?: number
}

const REDIRECTS = { follow: 1 }
const MIXED = { follow: 0.8, read: 0.08, list: 0.04, create: 0.08 }

const followers = (users: number) => ({
  about: `${users} users follow links`,
  phases: [{ users, seconds: 60 }],
  pace: 10,
  mix: REDIRECTS,
  thresholds: { errors: 0, p95Ms: 50 }
})

export const profiles = {
  smoke: {
    about: 'Whether everything answers at all',
    phases: [{ users: 2, seconds: 5 }],
    pace: 10,
    mix: { follow: 0.5, read: 0.15, list: 0.15, create: 0.1, health: 0.1 },
    thresholds: { errors: 0, p95Ms: 200 }
  },
  'load-50': followers(50),
  'load-200': followers(200),
  'load-500': followers(500),
  spike: {
    about: 'Ten times the users from one moment to the next, and back',
    phases: [
      { users: 50, seconds: 10 },
      { users: 500, seconds: 20 },
      { users: 50, seconds: 10 }
    ],
    pace: 10,
    mix: REDIRECTS,
    thresholds: { errors: 0, p95Ms: 100 }
  },
  soak: {
    about: 'Half an hour of the usual, for what only time shows: leaks, growth, lag',
    phases: [{ users: 100, seconds: 1_800 }],
    pace: 10,
    mix: MIXED,
    thresholds: { errors: 0, p95Ms: 100 }
  },
  mixed: {
    about: 'What real clients do: four of five requests follow a link, the others manage them',
    phases: [{ users: 100, seconds: 60 }],
    pace: 10,
    mix: MIXED,
    thresholds: { errors: 0, p95Ms: 100, p99Ms: 250 }
  },
  flood: {
    about: '500 connections that never pause: how much goes through at most',
    phases: [{ users: 500, seconds: 30 }],
    mix: REDIRECTS,
    thresholds: { errors: 0, p95Ms: 500 }
  }
} satisfies Record<string, Profile>

export type ProfileName = keyof typeof profiles

/** The properties of a link that requests need. */
export interface Target {
  id: number
  code: string
}

/** A request in a form that both runners support. */
export interface Ask {
  kind: Kind
  method: 'GET' | 'POST'
  path: string
  body: string | null
  /** The expected status. */
  status: number
}

/** Picks a kind by its share; `random` is in [0, 1). */
export function pickKind(mix: Profile['mix'], random: number): Kind {
  let left = random
  const entries = Object.entries(mix) as [Kind, number][]
  for (const [kind, share] of entries) {
    left -= share
    if (left < 0) return kind
  }
  return entries[0]?.[0] ?? 'follow'
}

/**
 * Creates a function that picks a position below `count` by Zipf's law with exponent 1, as links are
 * followed. The second is picked half as often as the first, the third a third. Its argument is a random
 * number in [0, 1).
 */
export function createZipf(count: number): (random: number) => number {
  const sums: number[] = []
  let sum = 0
  for (let rank = 1; rank <= count; rank++) {
    sum += 1 / rank
    sums.push(sum)
  }
  return (random) => {
    const wanted = random * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] ?? 0) > wanted) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Returns the request of `kind`; `target` is its link if it needs one. */
export function makeAsk(kind: Kind, target: Target, random: number): Ask {
  const get = { kind, method: 'GET' as const, body: null, status: 200 }
  switch (kind) {
    case 'follow':
      return { ...get, path: `/${target.code}`, status: 302 }
    case 'read':
      return { ...get, path: `/urls/${target.id}` }
    case 'list':
      return { ...get, path: `/urls?page=${1 + Math.floor(random * 20)}&per_page=50` }
    case 'health':
      return { ...get, path: '/health' }
    case 'create': {
      const body = JSON.stringify({ original_url: `https://acme.dev/load/${Math.floor(random * 1e9)}` })
      return { kind, method: 'POST', path: '/urls', body, status: 201 }
    }
  }
}
