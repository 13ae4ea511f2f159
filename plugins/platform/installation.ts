import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { visitorSalts } from '#schema/tables/visitor-salts.ts'
import type { Executor } from './database.ts'
import { StartRefused } from './start-refused.ts'

/** The key in Redis, after the prefix, that holds the id of the installation whose keys these are. */
const KEY = 'installation'

/** The day of the row that holds the id: no day, so the row is never pruned. */
const NO_DAY = 'infinity'

/**
 * Keeps two installations from sharing the keys, links and clicks of one Redis: the first one writes its id there, and one with
 * another id does not start. See docs/adr/2026-11-30-one-installation-a-prefix.md. Throws {@link StartRefused}. When Redis was away at
 * the start, the process ends as soon as it learns of another id.
 */
async function installation(app: FastifyInstance, { prefix }: { prefix: string }) {
  if (!app.hasDecorator('redis')) return
  const { redis } = app
  const id = await readInstallation(app.database.db)

  /** Resolves to a refusal when Redis belongs to another installation; to null too when it does not answer. */
  async function check(): Promise<StartRefused | null> {
    try {
      await redis.set(KEY, id, 'NX')
      const owner = await redis.get(KEY)
      return owner === null || owner === id ? null : refusal(prefix)
    } catch {
      return null
    }
  }

  const refused = redis.status === 'ready' ? await check() : null
  if (refused) throw refused
  // Also after a restart of Redis, which may have lost the key or be another one.
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

/** The id of the installation, hexadecimal. It is a row, so backups, moves, standbys and upgrades keep it. */
async function readInstallation(on: Executor): Promise<string> {
  await on
    .insert(visitorSalts)
    .values({ day: NO_DAY, salt: randomBytes(16) })
    .onConflictDoNothing()
  const [row] = await on.select().from(visitorSalts).where(sql`${visitorSalts.day} = ${NO_DAY}::date`)
  if (row === undefined) throw new Error('The id of the installation was deleted')
  return row.salt.toString('hex')
}

export default fp(installation, { name: 'installation', dependencies: ['database', 'redis'], fastify: '5.x' })
