import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Executor } from '#platform/database/index.ts'
import { StartRefused } from '#platform/problem/start-refused.ts'
import { visitorSalts } from '#schema/tables/visitor-salts.ts'

/** The Redis key, after the prefix, that holds the id of the installation that owns the keys. */
const KEY = 'installation'

/** The day of the row that holds the id. It is not a date, so the row is never pruned. */
const NO_DAY = 'infinity'

/**
 * How a process handles the id. Servers and workers `claim` the prefix for their database. Commands only
 * `check` that it does not belong to another installation. A restore replaces the id of the database, so it
 * must `ignore` it.
 */
export type InstallationMode = 'claim' | 'check' | 'ignore'

interface InstallationOptions {
  prefix: string
  mode: InstallationMode
}

/**
 * Keeps two installations from sharing the keys, links and clicks of one Redis. The first one writes its id
 * to Redis, and an installation with another id does not start. Throws {@link StartRefused}. If Redis was
 * unavailable at the start, the process ends when it reads another id. See
 * docs/adr/2026-11-30-redis-prefix-per-installation.md.
 */
async function installation(app: FastifyInstance, { prefix, mode }: InstallationOptions) {
  if (mode === 'ignore' || !app.hasDecorator('redis')) return
  const { redis } = app
  const { db } = app.database
  const id = mode === 'claim' ? await ensureInstallation(db) : await readInstallation(db)
  // No server of this release has used this database yet.
  if (id === null) return

  /**
   * Resolves to an error when Redis belongs to another installation; else to null, also without an answer.
   */
  const check = async (): Promise<StartRefused | null> => {
    try {
      if (mode === 'claim') await redis.set(KEY, id, 'NX')
      const owner = await redis.get(KEY)
      return owner === null || owner === id ? null : refusal(prefix)
    } catch {
      return null
    }
  }

  const refused = redis.status === 'ready' ? await check() : null
  if (refused) throw refused
  // Redis may have lost the key in a restart, or another Redis may have replaced it.
  redis.on('ready', async () => {
    const error = await check()
    if (error)
      setImmediate(() => {
        throw error
      })
  })
}

function refusal(prefix: string): StartRefused {
  return new StartRefused(
    `The Redis of REDIS_URL holds the keys of another installation under "${prefix}": set REDIS_PREFIX to a prefix of its own. ` +
      `If that installation is gone, delete the key ${prefix}${KEY} and start again.`
  )
}

/** Returns the id of the installation, which the first process stores. */
export async function ensureInstallation(on: Executor): Promise<string> {
  await on
    .insert(visitorSalts)
    .values({ day: NO_DAY, salt: randomBytes(16) })
    .onConflictDoNothing()
  const id = await readInstallation(on)
  if (id === null) throw new Error('The id of the installation was deleted')
  return id
}

/**
 * The id of the installation, in hexadecimal. It is a row, so backups, moves, standbys and upgrades keep it.
 */
async function readInstallation(on: Executor): Promise<string | null> {
  const [row] = await on.select().from(visitorSalts).where(sql`${visitorSalts.day} = ${NO_DAY}::date`)
  return row?.salt.toString('hex') ?? null
}

export default fp(installation, { name: 'installation', dependencies: ['database', 'redis'], fastify: '5.x' })
