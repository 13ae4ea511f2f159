import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { storageOf } from '#testing/app.ts'
import { listen } from '#testing/listen.ts'
import { spawnServer, startServer } from '#testing/process.ts'

t.test('logs its address, its storage and a first command to try', async (t) => {
  const storage = await storageOf(t, 'own')
  const server = await startServer(t, storage)
  const line = await server.logged(/^listening$/)
  t.match(line['url'], /^http:\/\/127\.0\.0\.1:\d+$/)
  t.equal(line['storage'], `bundled PostgreSQL in ${storage['DATA_DIR']}`)
  t.match(line['try'], new RegExp(`^curl .*${line['url']}/shorten`))

  t.test('a second server on the same folder is refused, and the first continues', async (t) => {
    const second = spawnServer(t, storage)
    t.same(await second.exited, { code: 1, signal: null })
    t.match(second.output(), `The data folder ${storage['DATA_DIR']} is in use`)
    t.match(second.output(), `pid ${server.child.pid}`)
    t.notMatch(second.output(), /\n\s+at /, 'no stack')
    const user = { username: 'a', email: 'a@example.com' }
    t.equal((await server.request('POST', '/users', { json: user })).status, 201)
  })

  t.test('stored data exists after a restart', async (t) => {
    const url = await server.request('POST', '/urls', { json: { original_url: 'https://example.com' } })
    t.same(await server.end(), { code: 0, signal: null })
    const next = await startServer(t, storage)
    t.same((await next.request('GET', '/users/1')).json.username, 'a')
    const { short_url, ...kept } = url.json
    t.match((await next.request('GET', `/urls/${url.json.id}`)).json, kept)
    t.same(await next.end(), { code: 0, signal: null })
  })
})

t.test('names every invalid variable, without values', async (t) => {
  const env = { PORT: '70000', LOG_LEVEL: 'loud', DATABASE_URL: 'mysql://me:hunter2@db/x', DRAIN_MS: 'soon' }
  const server = spawnServer(t, env)
  t.same(await server.exited, { code: 1, signal: null })
  for (const name of Object.keys(env)) t.match(server.output(), name)
  t.notMatch(server.output(), /hunter2|\n\s+at /)
})

t.test('names an unusable folder', async (t) => {
  const folder = join(import.meta.filename, 'data')
  const server = spawnServer(t, { DATA_DIR: folder })
  t.same(await server.exited, { code: 1, signal: null })
  t.match(server.output(), folder)
  t.notMatch(server.output(), /\n\s+at /, 'no stack')
})

t.test('names a port in use', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  t.teardown(() => holder.close())
  const { port } = holder.address() as AddressInfo
  const folder = join(t.testdir(), 'data')
  const server = spawnServer(t, { DATA_DIR: folder, PORT: String(port) })
  t.same(await server.exited, { code: 1, signal: null })
  t.match(server.output(), new RegExp(`^.*in use.*:${port}: set HOST or PORT to another\n$`), 'in one line')
  t.notOk(existsSync(folder), 'no database was made')
})

t.test('the start waits for an unresponsive PostgreSQL, then fails without its password', async (t) => {
  const server = spawnServer(t, {
    DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:1/fairlead',
    DATABASE_START_TIMEOUT_MS: '400'
  })
  t.same(await server.exited, { code: 1, signal: null })
  t.ok(server.lines().some(({ msg }) => /waiting for the database/.test(msg)))
  t.match(server.output(), /The database does not answer.*DATABASE_URL/)
  t.notMatch(server.output(), /hunter2/)
})

t.test('on a PostgreSQL server', async (t) => {
  t.test('starts when the database does', async (t) => {
    const storage = await storageOf(t, 'alone')
    const database = new URL(storage['DATABASE_URL'] ?? '')
    const { hostname, port } = database
    // A proxy to the database that opens later.
    const way = createServer((socket) => {
      const onward = connect(Number(port || 5432), hostname)
      for (const one of [socket, onward]) one.on('error', () => one.destroy())
      socket.pipe(onward).pipe(socket)
    })
    database.host = await listen(t, way)
    way.close()
    await once(way, 'close')

    const server = spawnServer(t, { ...storage, DATABASE_URL: database.href })
    await server.logged(/waiting for the database/)
    way.listen(Number(database.port), '127.0.0.1')
    await server.logged(/^listening$/)
    t.same(await server.end(), { code: 0, signal: null })
  })

  t.test('replicas that start concurrently on an empty database all succeed', async (t) => {
    const storage = await storageOf(t, 'alone', { bare: true })
    const replicas = await Promise.all(Array.from({ length: 4 }, () => startServer(t, storage)))
    for (const [at, { request }] of replicas.entries()) {
      const user = { username: `user${at}`, email: `user${at}@example.com` }
      t.equal((await request('POST', '/users', { json: user })).status, 201)
      t.equal((await request('GET', '/users')).json.length, at + 1)
    }
    const migrating = replicas.filter((one) => one.lines().some(({ msg }) => /schema migrated/.test(msg)))
    t.equal(migrating.length, 1, 'one of them made the tables')
    t.same(await Promise.all(replicas.map((one) => one.end())), Array(4).fill({ code: 0, signal: null }))
  })
})
