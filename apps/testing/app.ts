import { basename } from 'node:path'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import { buildApp } from '#apps/app.ts'
import { type Config, readConfig } from '#apps/config.ts'
import { createDatabase } from './database.ts'
import { makeFolder } from './folder.ts'

/** The harness: an app on a fresh database and a real socket, closed with the test. */

/**
 * The storage of a test's server:
 * - `alone`: a database of the run's bundled PostgreSQL
 * - `redis`: the same, and the run's Redis
 * - `installed`: the system's PostgreSQL, and the run's Redis
 * - `own`: a separate bundled PostgreSQL in DATA_DIR
 */
export type Profile = 'alone' | 'redis' | 'installed' | 'own'

export interface Answer {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  json: any
}

export interface RequestOptions {
  json?: unknown
  body?: string | Uint8Array<ArrayBuffer> | FormData
  headers?: Record<string, string>
}

export interface Running {
  app: FastifyInstance
  url: string
  config: Config
  /** Sends a request over the socket; does not follow redirects. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>
  close(): Promise<void>
}

export interface StartOptions {
  profile?: Profile
  /**
   * Storage settings to use instead of a fresh one: the result of {@link storageOf}, or a test's own servers.
   */
  storage?: Record<string, string>
  /** Environment variables in addition to the harness' own. */
  env?: Record<string, string>
  logger?: FastifyServerOptions['logger']
}

/** Starts an app on a fresh database of `profile`: by default with Redis if this run has one. */
export async function startApp(
  t: Test,
  { profile = hasRedis() ? 'redis' : 'alone', storage, env = {}, logger = false }: StartOptions = {}
): Promise<Running> {
  const settings = { ...(storage ?? (await storageOf(t, profile))), ...env }
  // Tests share the event loop of their server and keep it busy, so load shedding is off.
  const own = { HOST: '127.0.0.1', PORT: '0', LINGER_MS: '100', SHED_EVENT_LOOP_MS: '0' }
  const config = readConfig({ ...own, ...settings })
  const app = await buildApp(config, { logger })
  t.teardown(() => app.close())
  const url = await app.listen({ host: config.server.host, port: config.server.port })
  return { app, url, config, request: createClient(url), close: () => app.close() }
}

/**
 * Returns the settings of fresh storage of `profile`, removed with the test. Several apps with the same
 * settings are replicas of one another. `bare` leaves the tables to the first app that starts.
 */
export async function storageOf(
  t: Test,
  profile: Profile,
  { bare = false } = {}
): Promise<Record<string, string>> {
  const folder = await makeFolder(t)
  if (profile === 'own') return { DATA_DIR: folder }
  const cluster = profile === 'installed' ? 'installed' : 'bundled'
  const settings = { DATA_DIR: folder, DATABASE_URL: await createDatabase(t, { bare, cluster }) }
  if (profile === 'alone') return settings
  if (!TEST_REDIS_URL) throw new Error('TEST_REDIS_URL is not set: install Redis and run npm test')
  return { ...settings, REDIS_URL: TEST_REDIS_URL, REDIS_PREFIX: `${basename(folder)}:` }
}

/** Runs `suite` without Redis, and with it if this run has one. */
export function profiles(t: Test, suite: (t: Test, profile: Profile) => Promise<unknown>): void {
  t.test('without Redis', (t) => suite(t, 'alone'))
  if (hasRedis()) t.test('with Redis', (t) => suite(t, 'redis'))
}

/** Runs `suite` as {@link profiles} does, with Redis on the system's PostgreSQL if this run has one. */
export function installedProfiles(t: Test, suite: (t: Test, profile: Profile) => Promise<unknown>): void {
  t.test('without Redis', (t) => suite(t, 'alone'))
  if (!hasRedis()) return
  const [name, profile] = TEST_INSTALLED_URL
    ? (['the installed PostgreSQL', 'installed'] as const)
    : (['PostgreSQL', 'redis'] as const)
  t.test(`on ${name}, with Redis`, (t) => suite(t, profile))
}

/** True if this run has a Redis. Throws without one if the run requires all servers (REQUIRE_SERVERS). */
export function hasRedis(): boolean {
  if (!TEST_REDIS_URL && REQUIRE_SERVERS) throw new Error('TEST_REDIS_URL must be set: run npm test')
  return Boolean(TEST_REDIS_URL)
}

// biome-ignore lint/style/noProcessEnv: the test runner passes its servers by environment
const { TEST_INSTALLED_URL, TEST_REDIS_URL, REQUIRE_SERVERS } = process.env

/** Creates a client of one base URL that neither follows redirects nor throws for any status. */
export function createClient(url: string): Running['request'] {
  return async (method, path, { json, body, headers = {} } = {}) => {
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
      body: json === undefined ? (body ?? null) : JSON.stringify(json)
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson && text ? JSON.parse(text) : undefined
    }
  }
}
