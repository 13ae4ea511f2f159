import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, readdir, readFile, rename, rm } from 'node:fs/promises'
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

/** Fills `folder` with a migrated, empty embedded database: a copy of one made for these migrations before. */
export async function createEmbeddedFolder(folder: string): Promise<void> {
  const template = join(tmpdir(), `fairlead-template-${await digestMigrations()}`)
  if (!existsSync(template)) await makeTemplate(template)
  await cp(join(template, 'postgres'), join(folder, 'postgres'), { recursive: true })
}

async function digestMigrations(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort()) {
    hash.update(await readFile(join(MIGRATIONS, file)))
  }
  return hash.digest('hex').slice(0, 16)
}

async function makeTemplate(template: string): Promise<void> {
  const draft = `${template}-${process.pid}`
  await migrate({ dataDir: draft })
  // Several test files may each make one; the first to rename wins, and any is as good.
  await rename(draft, template).catch(() => rm(draft, { recursive: true, force: true }))
}

async function migrate(where: { dataDir: string } | { url: string }): Promise<void> {
  const app = fastify({ pluginTimeout: 60_000 })
  await app.register(database, { ...options, ...where })
  await app.close()
}

/**
 * Makes a migrated database without rows, or with `bare` one without tables, on the server of TEST_DATABASE_URL, removed
 * with the test, and a key space on the Redis of TEST_REDIS_URL. Gives the settings that lead there.
 */
export async function createDatabase(t: Test, { bare = false } = {}): Promise<Record<string, string>> {
  if (!TEST_DATABASE_URL) throw new Error('TEST_DATABASE_URL is not set: run npm test')
  const admin = new pg.Client({ connectionString: TEST_DATABASE_URL })
  await admin.connect()
  const name = `fairlead_test_${randomBytes(6).toString('hex')}`
  const template = bare ? 'template1' : await findTemplate(admin, TEST_DATABASE_URL)
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  t.teardown(async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.end()
  })
  return {
    DATABASE_URL: onServer(TEST_DATABASE_URL, name),
    ...(TEST_REDIS_URL && { REDIS_URL: TEST_REDIS_URL, REDIS_PREFIX: `${name}:` })
  }
}

function onServer(url: string, name: string): string {
  const databaseUrl = new URL(url)
  databaseUrl.pathname = `/${name}`
  return databaseUrl.href
}

/** The database of the server that is copied: made by the first test file that needs it, while the others wait. */
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
    await migrate({ url: onServer(url, draft) })
    await admin.query(`ALTER DATABASE ${draft} RENAME TO ${name}`)
  } finally {
    await admin.query(`SELECT pg_advisory_unlock(hashtext('${name}'))`)
  }
  return name
}
