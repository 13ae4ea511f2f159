import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { type Answer, createClient, installedProfiles, type Running, startApp } from '#testing/app.ts'
import { until } from '#testing/until.ts'

/**
 * The server under test. It is the one in BASE_URL if that is set (through a proxy, against replicas), else
 * an app of each storage profile on a fresh database. Suites create their own data, because other data may
 * exist.
 */

export type Api = Running['request']

/** The server of BASE_URL without a trailing slash; undefined if suites start their own. */
// biome-ignore lint/style/noProcessEnv: the environment selects the server under test
const NAMED = process.env['BASE_URL']?.replace(/\/+$/, '')

/** Runs `suite` against every server under test. `env` has the settings of servers that it starts. */
export function served(
  t: Test,
  suite: (t: Test, api: Api) => Promise<unknown>,
  env: Record<string, string> = {}
): void {
  if (NAMED) {
    t.test(`at ${NAMED}`, (t) => suite(t, createClient(NAMED)))
    return
  }
  installedProfiles(t, async (t, profile) => {
    const { request } = await startApp(t, { profile, env })
    await suite(t, request)
  })
}

/**
 * Like {@link served}, and once more as the administrator of a server with API keys: the results must be the
 * same.
 */
export function servedInEachMode(t: Test, suite: (t: Test, api: Api) => Promise<unknown>): void {
  served(t, suite)
  // A named server has its own mode.
  if (NAMED) return
  t.test('with keys', async (t) => {
    const key = `fl_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`
    const { request } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: key, RATE_LIMIT: 'off' } })
    t.equal((await request('GET', '/urls')).status, 401, 'the key is needed')
    await suite(t, (method, path, { headers = {}, ...options } = {}) =>
      request(method, path, { ...options, headers: { 'x-api-key': key, ...headers } })
    )
  })
}

/** A word that no other run uses. */
export function unique(prefix = ''): string {
  return prefix + randomBytes(6).toString('hex')
}

/**
 * Creates a user with generated values for all fields except the given ones. Returns the user of the answer.
 */
export async function createUser(api: Api, fields: Record<string, unknown> = {}) {
  const name = unique('user')
  return created(
    await api('POST', '/users', { json: { username: name, email: `${name}@example.com`, ...fields } })
  )
}

/** Creates a url with a generated target unless `fields` has one. Returns the url of the answer. */
export async function createUrl(api: Api, fields: Record<string, unknown> = {}) {
  const original_url = `https://example.com/${unique()}`
  return created(await api('POST', '/urls', { json: { original_url, ...fields } }))
}

function created({ status, json, text }: Answer) {
  if (status !== 201) throw new Error(`not created: ${status} ${text}`)
  return json
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
export async function listEvents(api: Api, query: string): Promise<any[]> {
  return (await api('GET', `/events?${query}`)).json
}

/** The clicks of a url, once there are `count`: they are stored shortly after the redirect. */
export async function clicksOf(api: Api, urlId: number, count: number) {
  const read = () => listEvents(api, `url_id=${urlId}&event_type=click`)
  return until(read, (clicks) => clicks.length >= count)
}

/**
 * Asserts that `answer` is a problem of `status` as in the contract, with errors for exactly the `paths` if
 * given.
 */
export function isProblem(t: Test, answer: Answer, status: number, ...paths: string[]): void {
  t.same(findFaults(answer, status, paths), [], `is a problem ${status}`)
}

/** The faults of an error answer: see RFC 9457 and the contract's additional members. */
export function findFaults(
  { status, headers, json, text }: Answer,
  wanted: number,
  paths: string[] = []
): string[] {
  const faults: string[] = []
  const check = (isGood: boolean, fault: string) => isGood || faults.push(fault)
  check(status === wanted, `status ${status} instead of ${wanted}: ${text.slice(0, 300)}`)
  const type = headers.get('content-type') ?? '(none)'
  check(type.startsWith('application/problem+json'), `content type ${type}`)
  check(json?.status === status, `member status ${json?.status}`)
  for (const name of ['type', 'title', 'detail', 'instance', 'error', 'request_id']) {
    check(typeof json?.[name] === 'string' && json[name] !== '', `member ${name} ${json?.[name]}`)
  }
  const sent = headers.get('x-request-id')
  check(sent === null || json?.request_id === sent, `request id ${json?.request_id} beside header ${sent}`)
  check(!/\n\s*at |node_modules|\.[jt]s:\d/.test(text), `shows a stack: ${text}`)
  const blamed = [...new Set((json?.errors ?? []).map(({ path }: { path: string }) => path))]
  if (paths.length > 0) check(String(blamed) === String(paths), `blames ${blamed} instead of ${paths}`)
  return faults
}
