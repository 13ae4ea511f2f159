import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { missing } from './programs.ts'
import { query } from './query.ts'
import { findPort } from './server-process.ts'
import { startNginx, startPgbouncer, startPostgres, startRedis } from './servers.ts'
import { until } from './until.ts'

const ask = async (url: string, text: string): Promise<unknown[]> =>
  (await query(url, text)).flatMap((row) => Object.values(row))

t.test(
  'both ports of a pair are unique among all pairs and outside the range that systems use for clients',
  async (t) => {
    const ports = await Promise.all(Array.from({ length: 50 }, () => findPort(10_000)))
    t.ok(ports.every((port) => port >= 20_000 && port + 10_000 < 32_768))
    t.equal(new Set(ports.flatMap((port) => [port, port + 10_000])).size, 100)
  }
)

t.test('a PostgreSQL', async (t) => {
  const server = await startPostgres(t, { fsync: true, maxConnections: 20 })
  t.same(await ask(server.url, 'SHOW max_connections'), ['20'])
  await ask(server.url, 'CREATE TABLE kept AS SELECT 7 AS n')

  t.test('has its data again after a kill, on the same port', async (t) => {
    await server.kill()
    await t.rejects(ask(server.url, 'SELECT 1'), { code: 'ECONNREFUSED' })
    await server.start()
    t.same(await ask(server.url, 'SELECT n FROM kept'), [7])
  })

  t.test('has its data again after a stop', async (t) => {
    await server.stop()
    await t.rejects(ask(server.url, 'SELECT 1'), { code: 'ECONNREFUSED' })
    await server.start()
    t.same(await ask(server.url, 'SELECT n FROM kept'), [7])
  })

  t.test('works behind PgBouncer', { skip: missing('pgbouncer') }, async (t) => {
    const { url } = await startPgbouncer(t, server.url)
    t.same(await ask(url, 'SELECT n FROM kept'), [7])
  })
})

t.test('a Redis', { skip: missing('redis-server') }, async (t) => {
  t.test('with a log has its data again after a kill', async (t) => {
    const server = await startRedis(t, { aof: true })
    const client = new Redis(server.url)
    t.teardown(() => client.disconnect())
    client.on('error', () => undefined)
    await client.set('kept', '7')
    await server.kill()
    await server.start()
    t.equal(await client.get('kept'), '7')
  })

  t.test('freezes and thaws', async (t) => {
    const server = await startRedis(t)
    const client = new Redis(server.url)
    t.teardown(() => client.disconnect())
    await client.ping()
    server.freeze()
    const answer = client.ping()
    t.equal(await Promise.race([answer, wait(100, 'nothing')]), 'nothing')
    server.thaw()
    t.equal(await answer, 'PONG')
  })

  t.test('ends with the process that started it, however that ends', async (t) => {
    const script = `import { startRedis } from ${JSON.stringify(new URL('./servers.ts', import.meta.url).href)}
      const { port, folder } = await startRedis(null)
      process.send({ port, folder })
      setInterval(() => undefined, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc']
    })
    const [{ port, folder }] = await once(child, 'message')
    child.kill('SIGKILL')
    await until(() => !existsSync(folder))
    const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null })
    client.on('error', () => undefined)
    await t.rejects(client.connect())
  })
})

t.test('an nginx answers with the configuration given', { skip: missing('nginx') }, async (t) => {
  const server = await startNginx(
    t,
    (port) => `events {}
      http { access_log off; server { listen 127.0.0.1:${port}; location / { return 200 "hello"; } } }`
  )
  t.equal(await (await fetch(server.url)).text(), 'hello')
})

t.test('a server that does not answer is an error with the end of its log', async (t) => {
  if (missing('nginx')) return
  await t.rejects(
    startNginx(t, () => 'nonsense;'),
    /does not answer.*unknown directive "nonsense"/s
  )
})

t.test('gives a port that is free', async (t) => {
  const port = await findPort()
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.equal((server.address() as AddressInfo).port, port)
  server.close()
})
