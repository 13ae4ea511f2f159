import { sql } from 'drizzle-orm'
import fastify from 'fastify'
import type { PoolClient } from 'pg'
import t, { type Test } from 'tap'
import { startPostgres } from '#testing/servers.ts'
import database from './index.ts'

/** The database plugin alone, with a pool of two, on a separate PostgreSQL. */
async function startDatabase(t: Test) {
  const server = await startPostgres(t, { fsync: true })
  const app = fastify({ pluginTimeout: 60_000 })
  await app.register(database, {
    url: server.url,
    dataDir: t.testdirName,
    poolSize: 2,
    connectTimeoutMs: 2_000,
    statementTimeoutMs: 5_000,
    startTimeoutMs: 10_000,
    pooler: 'none',
    budget: 'warn',
    replicas: 1,
    margin: 0
  })
  t.teardown(() => app.close())
  return { server, database: app.database }
}

const answer = sql<{ one: number }>`SELECT 1 AS one`

t.test('transactions', async (t) => {
  t.test('release their connection when it breaks before they begin', async (t) => {
    const { database } = await startDatabase(t)
    const cut = (client: PoolClient) => {
      // pg stores the connection here; its types omit it.
      const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
      connection.stream.destroy()
    }
    database.pool.on('acquire', cut)
    for (let round = 0; round < 5; round++) {
      await t.rejects(database.transaction(async () => database.db.execute(answer)))
    }
    database.pool.off('acquire', cut)
    const { rows } = await database.transaction(async () => database.db.execute(answer))
    t.same(rows, [{ one: 1 }])
    t.equal(database.pool.waitingCount, 0)
  })

  t.test('fail without ending the process when the server dies', async (t) => {
    const { server, database } = await startDatabase(t)
    const lost = database.transaction(async () => {
      await database.db.execute(answer)
      await server.kill()
      await database.db.execute(answer)
    })
    await t.rejects(lost)
    await server.start()
    t.same((await database.transaction(async () => database.db.execute(answer))).rows, [{ one: 1 }])
  })

  t.test('report their error and leave a reusable connection', async (t) => {
    const { database } = await startDatabase(t)
    await t.rejects(
      database.transaction(async () => database.db.execute(sql`SELECT nothing`)),
      {
        cause: { code: '42703' }
      }
    )
    t.same((await database.db.execute(answer)).rows, [{ one: 1 }])
    t.equal(database.pool.totalCount, 1)
  })
})
