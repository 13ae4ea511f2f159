import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastify from 'fastify'
import pg from 'pg'
import type { Test } from 'tap'
import database from '#platform/database/index.ts'
import { startPostgres } from './servers.ts'

/** Fresh databases for tests, as fast copies of a migrated template. */

// biome-ignore lint/style/noProcessEnv: the test runner passes its servers by environment
const { TEST_DATABASE_URL, TEST_INSTALLED_URL, TEST_TEMPORARY_URLS = '' } = process.env

const options = {
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

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'drizzle')

async function digestMigrations(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort()) {
    hash.update(await readFile(join(MIGRATIONS, file)))
  }
  return hash.digest('hex').slice(0, 16)
}

async function migrate(url: string): Promise<void> {
  const app = fastify({ pluginTimeout: 60_000 })
  await app.register(database, { ...options, url })
  await app.close()
}

/** The PostgreSQL of a test's databases. */
export type Cluster = 'bundled' | 'installed'

let own: Promise<string> | undefined

/** The run's server. A test file that runs alone starts its own, which ends with its process. */
async function serverOf(cluster: Cluster): Promise<string> {
  if (cluster === 'installed' && TEST_INSTALLED_URL) return TEST_INSTALLED_URL
  if (TEST_DATABASE_URL) return TEST_DATABASE_URL
  own ??= startPostgres(null).then(({ url }) => url)
  return own
}

/**
 * Creates a migrated database without rows, or with `bare` one without tables. It is removed with the test,
 * or with the server where that ends with the run. Returns its URL.
 */
export async function createDatabase(
  t: Test,
  { bare = false, cluster = 'bundled' }: { bare?: boolean; cluster?: Cluster } = {}
): Promise<string> {
  const server = await serverOf(cluster)
  const admin = new pg.Client({ connectionString: server })
  await admin.connect()
  const name = `fairlead_test_${randomBytes(6).toString('hex')}`
  const template = bare ? 'template1' : await findTemplate(admin, server)
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  // A database has 300 files. While deleted inodes are recent, ext4 takes ten times as long for new ones.
  const isKept = server === (await own) || TEST_TEMPORARY_URLS.split(' ').includes(server)
  t.teardown(async () => {
    if (!isKept) await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.end()
  })
  return onServer(server, name)
}

function onServer(url: string, name: string): string {
  const databaseUrl = new URL(url)
  databaseUrl.pathname = `/${name}`
  return databaseUrl.href
}

/** The server's template database. The first test file that needs it creates it; the others wait. */
async function findTemplate(admin: pg.Client, url: string): Promise<string> {
  const name = `fairlead_template_${await digestMigrations()}`
  const exists = async () =>
    (await admin.query('SELECT FROM pg_database WHERE datname = $1', [name])).rowCount === 1
  if (await exists()) return name
  await admin.query(`SELECT pg_advisory_lock(hashtext('${name}'))`)
  try {
    if (await exists()) return name
    const draft = `${name}_draft`
    await admin.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`)
    await admin.query(`CREATE DATABASE ${draft}`)
    await migrate(onServer(url, draft))
    await admin.query(`ALTER DATABASE ${draft} RENAME TO ${name}`)
  } finally {
    await admin.query(`SELECT pg_advisory_unlock(hashtext('${name}'))`)
  }
  return name
}
