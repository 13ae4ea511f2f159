import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { buildApp } from '#apps/app.ts'
import { readConfig } from '#apps/config.ts'
import { startApp, storageOf } from '#testing/app.ts'
import { until } from '#testing/until.ts'

/** Messages are handled at least once, in order for each aggregate, by one replica at a time. */

interface Payload {
  name: string
}

/** Adds one message for each of `names`, as `aggregate name`, in one transaction. */
const send = (app: FastifyInstance, ...names: string[]) =>
  app.database.transaction(async () => {
    for (const name of names) {
      const [aggregate = ''] = name.split(' ')
      await app.outbox.add({ topic: 'test', aggregate, payload: { name } })
    }
  })

const readRows = async (app: FastifyInstance) =>
  (
    await app.database.pool.query<{ name: string; attempts: number; error: string | null; isDead: boolean }>(
      `SELECT payload->>'name' AS name, attempts, error, dead_at IS NOT NULL AS "isDead" FROM outbox ORDER BY id`
    )
  ).rows

const allHandled = (app: FastifyInstance) =>
  until(
    () => readRows(app),
    (rows) => rows.length === 0
  )

/** Makes all messages due that wait for a lease or their next attempt. */
const makeDue = (app: FastifyInstance) => app.database.pool.query('UPDATE outbox SET due_at = now()')

t.test('a committed message is handled, one that was rolled back is not', async (t) => {
  const { app } = await startApp(t)
  const handled: string[] = []
  app.outbox.consume<Payload>('test', async ({ name }) => void handled.push(name))
  const failure = new Error('rolled back')
  await t.rejects(
    app.database.transaction(async () => {
      await app.outbox.add({ topic: 'test', aggregate: 'a', payload: { name: 'a 0' } })
      throw failure
    }),
    failure
  )
  await send(app, 'a 1')
  t.same(await allHandled(app), [])
  t.same(handled, ['a 1'])
})

t.test('a topic without a consumer adds nothing', async (t) => {
  const { app } = await startApp(t)
  await send(app, 'a 1')
  t.same(await readRows(app), [])
})

t.test('messages of an aggregate come in order, one at a time, while others overtake them', async (t) => {
  const storage = await storageOf(t, 'alone')
  const apps = [await startApp(t, { storage }), await startApp(t, { storage })].map(({ app }) => app)
  const started: string[] = []
  const running = new Set<string>()
  const overlaps: string[] = []
  for (const app of apps)
    app.outbox.consume<Payload>(
      'test',
      async ({ name }) => {
        const [aggregate = ''] = name.split(' ')
        if (running.has(aggregate)) overlaps.push(name)
        running.add(aggregate)
        started.push(name)
        await app.database.ping()
        running.delete(aggregate)
        // The first attempt of every third message fails. Its aggregate waits for the retry.
        if (/[258]$/.test(name) && started.filter((one) => one === name).length === 1)
          throw new Error('fails once')
      },
      { concurrency: 4, retryMs: 10 }
    )
  const [one, other] = apps as [FastifyInstance, FastifyInstance]
  const names = (aggregate: string) => Array.from({ length: 9 }, (_, at) => `${aggregate} ${at}`)
  await Promise.all([send(one, ...names('a')), send(other, ...names('b')), send(one, ...names('c'))])
  const rest = await until(
    async () => {
      for (const app of apps) app.outbox.dispatch('test')
      return readRows(one)
    },
    (rows) => rows.length === 0
  )
  t.same(rest, [])
  t.same(overlaps, [], 'no two replicas handle one aggregate')
  for (const aggregate of ['a', 'b', 'c'])
    t.same([...new Set(started.filter((name) => name.startsWith(aggregate)))], names(aggregate))
})

t.test(
  'a message that fails is tried again, then kept as dead, and the next of its aggregate follows',
  async (t) => {
    const { app, request } = await startApp(t)
    const attempts: string[] = []
    app.outbox.consume<Payload>(
      'test',
      async ({ name }) => {
        attempts.push(name)
        if (name === 'a bad') throw new Error('refused by ada@example.com')
      },
      { maxAttempts: 3, retryMs: 60_000 }
    )
    await send(app, 'a bad', 'a good')
    const afterOne = await until(
      () => readRows(app),
      ([first]) => first?.error !== null
    )
    t.match(afterOne, [
      { name: 'a bad', attempts: 1, isDead: false },
      { name: 'a good', attempts: 0 }
    ])
    app.outbox.dispatch('test')
    t.same(attempts, ['a bad'], 'it waits before the next attempt')
    const rows = await until(
      async () => {
        await makeDue(app)
        app.outbox.dispatch('test')
        return readRows(app)
      },
      (rows) => rows.length === 1
    )
    t.match(rows, [{ name: 'a bad', attempts: 3, isDead: true, error: 'refused by …' }])
    t.same(attempts, ['a bad', 'a bad', 'a bad', 'a good'])
    const { text } = await request('GET', '/metrics')
    const outcomes = [...text.matchAll(/^fairlead_outbox_total\{topic="test",outcome="(\w+)"\} (\d+)$/gm)]
    t.same(Object.fromEntries(outcomes.map(([, outcome, count]) => [outcome, Number(count)])), {
      retried: 2,
      dead: 1,
      done: 1
    })

    const { request: requestOther } = await startApp(t, {
      storage: { DATABASE_URL: String(app.database.pool.options.connectionString) }
    })
    const other = (await requestOther('GET', '/metrics')).text
    t.match(other, 'fairlead_outbox_messages{topic="test",state="dead"} 1')
    t.match(other, 'fairlead_outbox_oldest_seconds{topic="test"} 0')
  }
)

t.test('a message with a lease is not claimed until the lease ends', async (t) => {
  const { app } = await startApp(t)
  const handled: string[] = []
  app.outbox.consume<Payload>('test', async ({ name }) => void handled.push(name), { maxAttempts: 3 })
  // Simulates killed processes: one message in its first attempt, one in its last.
  const insert = `INSERT INTO outbox (topic, aggregate, payload, attempts, due_at)
    VALUES ('test', $1, jsonb_build_object('name', $1::text), $2, now() + interval '1 minute')`
  await app.database.pool.query(insert, ['held', 1])
  await app.database.pool.query(insert, ['fatal', 3])
  await send(app, 'free')
  await until(
    async () => handled.length,
    (count) => count > 0
  )
  t.same(handled, ['free'])
  await makeDue(app)
  app.outbox.dispatch('test')
  const rows = await until(
    () => readRows(app),
    (rows) => rows.length === 1 && rows[0]?.isDead === true
  )
  t.match(rows, [{ name: 'fatal', error: 'the process ended during the last attempt' }])
  t.same(handled, ['free', 'held'])
})

t.test('closing aborts handlers and releases their messages at once', async (t) => {
  const storage = await storageOf(t, 'alone')
  const { app: stopped, close } = await startApp(t, { storage })
  const { app } = await startApp(t, { storage })
  const { promise: isHandling, resolve: onHandle } = Promise.withResolvers<void>()
  stopped.outbox.consume<Payload>('test', (_payload, signal) => {
    onHandle()
    return new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason)))
  })
  await send(stopped, 'a 1')
  await isHandling
  await close()
  t.match(await readRows(app), [{ name: 'a 1', attempts: 0, error: null, isDead: false }])
  app.outbox.consume<Payload>('test', async () => undefined)
  app.outbox.dispatch('test')
  t.same(await allHandled(app), [])
})

t.test('the number of pending messages of a topic is limited', async (t) => {
  const { app, request } = await startApp(t)
  app.outbox.consume<Payload>('test', async () => Promise.reject(new Error('fails')), {
    maxPending: 2,
    retryMs: 60_000
  })
  await send(app, 'a 1', 'b 1', 'c 1')
  t.same(
    (await readRows(app)).map(({ name }) => name),
    ['a 1', 'b 1']
  )
  t.match((await request('GET', '/metrics')).text, 'fairlead_outbox_total{topic="test",outcome="dropped"} 1')
})

t.test('a command adds messages and leaves them to the servers', async (t) => {
  const storage = await storageOf(t, 'alone')
  const { app: server } = await startApp(t, { storage })
  const command = await buildApp(readConfig(storage), { routes: false })
  t.teardown(() => command.close())
  const handled: string[] = []
  command.outbox.consume<Payload>('test', async () => void handled.push('command'))
  await send(command, 'a 1')
  // The server's sweeper finds the message without a hint.
  server.outbox.consume<Payload>('test', async () => void handled.push('server'))
  t.same(await allHandled(server), [])
  t.same(handled, ['server'])
})

t.test('dead and orphaned messages are deleted after 30 days', async (t) => {
  const storage = await storageOf(t, 'alone')
  const { app } = await startApp(t, { storage })
  await app.database.pool.query(`
    INSERT INTO outbox (topic, aggregate, payload, created_at, dead_at)
    SELECT 'old', age::text, jsonb_build_object('name', age), now() - make_interval(days => age), dead_at
    FROM unnest(ARRAY[29, 31]) AS age, unnest(ARRAY[now(), NULL]) AS dead_at`)
  const { app: next } = await startApp(t, { storage })
  t.same(
    (await readRows(next)).map(({ name }) => name),
    ['29', '29']
  )
})
