import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import { buildApp } from '#apps/app.ts'
import { type Config, readConfig } from '#apps/config.ts'
import { createDatabase, createEmbeddedFolder } from './database.ts'

/** The harness: an app on a fresh database, listening on a real socket, closed with the test. */

export type Profile = 'embedded' | 'server'

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
  /** Sends a request over the socket; redirects are not followed. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>
  close(): Promise<void>
}

export interface StartOptions {
  profile?: Profile
  /** Settings of storage to run on instead of a fresh one: what {@link storageOf} gave, or a test's own servers. */
  storage?: Record<string, string>
  /** Environment variables beside the harness' own. */
  env?: Record<string, string>
  logger?: FastifyServerOptions['logger']
}

/**
 * Starts an app on a fresh database of `profile`. When that is not said, it is `server` where this run has real
 * servers, which is several times as quick, and else `embedded`. With `server` it runs on the PostgreSQL of
 * TEST_DATABASE_URL and the Redis of TEST_REDIS_URL, in a key space of its own.
 */
export async function startApp(
  t: Test,
  { profile = hasServers() ? 'server' : 'embedded', storage, env = {}, logger = false }: StartOptions = {}
): Promise<Running> {
  const settings = { ...(storage ?? (await storageOf(t, profile))), ...env }
  // Tests share the event loop of their server, and keep it busy: that is no reason to refuse them.
  const own = { HOST: '127.0.0.1', PORT: '0', LINGER_MS: '100', SHED_EVENT_LOOP_MS: '0' }
  const config = readConfig({ ...own, ...settings })
  const app = await buildApp(config, { logger })
  t.teardown(() => app.close())
  const url = await app.listen({ host: config.server.host, port: config.server.port })
  return { app, url, config, request: createClient(url), close: () => app.close() }
}

/**
 * The settings that give a process fresh storage of `profile`, removed with the test: several apps started with
 * the same ones are replicas of one another. `bare` leaves the tables of a `server` to the first that starts.
 */
export async function storageOf(
  t: Test,
  profile: Profile,
  { bare = false } = {}
): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  if (profile === 'embedded') {
    await createEmbeddedFolder(folder)
    return { DATA_DIR: folder }
  }
  return { DATA_DIR: folder, ...(await createDatabase(t, { bare })) }
}

/** Runs `suite` once for each storage profile that this run has. */
export function profiles(t: Test, suite: (t: Test, profile: Profile) => Promise<unknown>): void {
  for (const profile of ['embedded', 'server'] as const) {
    if (profile === 'server' && !hasServers()) continue
    t.test(`on the ${profile} profile`, (t) => suite(t, profile))
  }
}

/** Whether this run has real servers; a run that must have them (REQUIRE_SERVERS) fails without. */
export function hasServers(): boolean {
  // biome-ignore lint/style/noProcessEnv: the test runner says by environment what it started
  const { TEST_DATABASE_URL, TEST_REDIS_URL, REQUIRE_SERVERS } = process.env
  const isComplete = Boolean(TEST_DATABASE_URL && TEST_REDIS_URL)
  if (!isComplete && REQUIRE_SERVERS)
    throw new Error('TEST_DATABASE_URL and TEST_REDIS_URL must be set: run npm test')
  return isComplete
}

/** A client of one base URL that neither follows redirects nor throws for any status. */
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
