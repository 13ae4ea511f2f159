import { randomBytes } from 'node:crypto'
import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify from 'fastify'
import pg from 'pg'
import type { Test } from 'tap'
import database from '#platform/database.ts'

/** Fresh databases for tests, quickly: copies of one that has been migrated. */

// biome-ignore lint/style/noProcessEnv: the test runner says by environment what it started
const { TEST_DATABASE_URL, TEST_REDIS_URL } = process.env

const options = {
  url: undefined,
  dataDir: '',
  poolSize: 2,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 60_000,
  startTimeoutMs: 10_000,
  pooler: 'none',
  budget: 'refuse',
  replicas: 1,
  margin: 0
} as const

/** A migrated embedded folder, made once by whichever test comes first; kept under the parent test runner. */
const TEMPLATE = join(tmpdir(), `fairlead-template-${process.ppid}`)

/** Fills `folder` with a migrated, empty embedded database. */
export async function createEmbeddedFolder(folder: string): Promise<void> {
  await makeOnce()
  await cp(join(TEMPLATE, 'postgres'), join(folder, 'postgres'), { recursive: true })
}

async function makeOnce(): Promise<void> {
  const draft = `${TEMPLATE}-${process.pid}`
  try {
    await mkdir(TEMPLATE, { recursive: false })
    await rm(TEMPLATE, { recursive: true })
  } catch {
    return
  }
  const app = fastify({ pluginTimeout: 60_000 })
  await app.register(database, { ...options, dataDir: draft })
  await app.close()
  // Two test files may both make one; the first to rename wins, and either is good.
  await rename(draft, TEMPLATE).catch(() => rm(draft, { recursive: true, force: true }))
}

/**
 * Makes a database on the server of TEST_DATABASE_URL, removed with the test, and a key space on the Redis of
 * TEST_REDIS_URL. Gives the settings that lead there.
 */
export async function createDatabase(t: Test): Promise<Record<string, string>> {
  if (!TEST_DATABASE_URL) throw new Error('TEST_DATABASE_URL is not set: run npm test')
  const admin = new pg.Client({ connectionString: TEST_DATABASE_URL })
  await admin.connect()
  const name = `fairlead_test_${randomBytes(6).toString('hex')}`
  await admin.query(`CREATE DATABASE ${name}`)
  t.teardown(async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.end()
  })
  const databaseUrl = new URL(TEST_DATABASE_URL)
  databaseUrl.pathname = `/${name}`
  return {
    DATABASE_URL: databaseUrl.href,
    ...(TEST_REDIS_URL && { REDIS_URL: TEST_REDIS_URL, REDIS_PREFIX: `${name}:` })
  }
}
