import { check, sleep } from 'k6'
import exec from 'k6/execution'
import http from 'k6/http'
import { Counter, Rate } from 'k6/metrics'
import type { Options } from 'k6/options'
import { createZipf, makeAsk, type Profile, pickKind, profiles, type Target } from './profiles.ts'

/**
 * The load profiles for k6 (0.57 or newer, which reads TypeScript):
 * `k6 run -e PROFILE=load-500 -e BASE_URL=http://127.0.0.1:3000 loadtest/k6/load.ts`
 */
const BASE_URL = (__ENV['BASE_URL'] ?? 'http://127.0.0.1:3000').replace(/\/$/, '')
const NAME = __ENV['PROFILE'] ?? 'smoke'
const profile = (profiles as Record<string, Profile>)[NAME]
if (profile === undefined) throw new Error(`There is no profile ${NAME}: ${Object.keys(profiles).join(', ')}`)

const { phases, thresholds, mix, pace }: Profile = profile

/** Unexpected answers, including requests without an answer. */
const unexpected = new Rate('fairlead_unexpected')
/** Redirects answered: as many clicks must be stored. */
const redirects = new Counter('fairlead_redirects')

export const options: Options = {
  scenarios: {
    [NAME]: {
      executor: 'ramping-vus',
      startVUs: phases[0]?.users ?? 1,
      stages: phases.flatMap(({ users, seconds }) => [
        { duration: '0s', target: users },
        { duration: `${seconds}s`, target: users }
      ])
    }
  },
  thresholds: {
    fairlead_unexpected: [`rate<=${thresholds.errors}`],
    http_req_duration: [
      `p(95)<${thresholds.p95Ms}`,
      ...(thresholds.p99Ms === undefined ? [] : [`p(99)<${thresholds.p99Ms}`])
    ]
  },
  summaryTrendStats: ['avg', 'min', 'med', 'p(95)', 'p(99)', 'max']
}

/** Reads the active links, in the order of their ids: the first is the most popular. */
export function setup(): Target[] {
  const answer = http.request('GET', `${BASE_URL}/urls?is_active=true&page=1&per_page=10000`, null)
  if (answer.status !== 200) throw new Error(`GET /urls answered ${answer.status}`)
  const urls = JSON.parse(String(answer.body)) as { id: number; short_code: string }[]
  if (urls.length === 0) exec.test.abort('There is no active link to follow')
  return urls.map(({ id, short_code }) => ({ id, code: short_code }))
}

let pick: ((random: number) => number) | undefined

/** Sends one request of one virtual user and pauses until its next. */
export default function ask(targets: Target[]): void {
  pick ??= createZipf(targets.length)
  const target = targets[pick(Math.random())] ?? { id: 0, code: '' }
  const { kind, method, path, body, status } = makeAsk(pickKind(mix, Math.random()), target, Math.random())
  const start = Date.now()
  const answer = http.request(method, `${BASE_URL}${path}`, body, {
    redirects: 0,
    headers: body === null ? {} : { 'content-type': 'application/json' },
    tags: { name: kind }
  })
  const isExpected = check(answer, { 'answered as expected': (one) => one.status === status })
  unexpected.add(!isExpected)
  if (answer.status === 302) redirects.add(1)
  if (pace !== undefined) sleep(Math.max(0, 1 / pace - (Date.now() - start) / 1_000))
}
