import { join } from 'node:path'
import t from 'tap'
import { startApp, storageOf } from '#testing/app.ts'
import { runCli } from '#testing/cli-process.ts'
import { makeFolder } from '#testing/folder.ts'
import { spawnServer, startServer } from '#testing/process.ts'
import { missing } from '#testing/programs.ts'
import { startRedis } from '#testing/servers.ts'

/** A Redis prefix belongs to one installation. */

const skip = missing('redis-server')

t.test(
  'a second installation on the same prefix does not start, and the error names the setting',
  { skip },
  async (t) => {
    const redis = await startRedis(t, { aof: true })
    const [one, other] = [await storageOf(t, 'alone'), await storageOf(t, 'alone')]
    const shared = { REDIS_URL: redis.url, REDIS_PREFIX: 'shared:' }
    const first = await startApp(t, { storage: { ...one, ...shared } })
    const id = await first.app.redis.get('installation')
    t.match(id, /^[0-9a-f]{32}$/)
    const refused = /REDIS_PREFIX.*shared:installation/
    await t.rejects(startApp(t, { storage: { ...other, ...shared } }), {
      name: 'StartRefused',
      message: refused
    })
    const server = spawnServer(t, { ...other, ...shared })
    t.same(await server.exited, { code: 1, signal: null })
    t.match(server.output(), refused)
    t.notMatch(server.output(), /\n\s+at /, 'no stack')

    await startApp(t, { storage: { ...other, ...shared, REDIS_PREFIX: 'own:' } })
    const replica = await startApp(t, { storage: { ...one, ...shared } })
    t.equal(await replica.app.redis.get('installation'), id)
    await replica.close()
    await first.close()
    const again = await startApp(t, { storage: { ...one, ...shared } })
    t.equal(await again.app.redis.get('installation'), id, 'a restart is the same installation')
  }
)

t.test('a Redis that is unavailable at the start is checked when it connects', { skip }, async (t) => {
  const redis = await startRedis(t, { aof: true })
  const [one, other] = [await storageOf(t, 'alone'), await storageOf(t, 'alone')]
  const shared = { REDIS_URL: redis.url, REDIS_PREFIX: 'shared:' }
  const first = await startApp(t, { storage: { ...one, ...shared } })
  await first.close()
  await redis.kill()
  const own = await startServer(t, { ...one, ...shared })
  const foreign = await startServer(t, { ...other, ...shared })
  await redis.start()
  t.match(await foreign.exited, { code: 1 })
  t.match(foreign.output(), 'REDIS_PREFIX')
  await own.logged(/^Redis connection restored$/)
  t.equal((await own.request('GET', '/health/ready')).status, 200)
  t.same(await own.end(), { code: 0, signal: null })
})

t.test('a restored database starts on a new Redis and on that of its source', { skip }, async (t) => {
  const redis = await startRedis(t)
  const folder = join(await makeFolder(t), 'set')
  const shared = { REDIS_URL: redis.url, REDIS_PREFIX: 'shared:' }
  const source = { ...(await storageOf(t, 'alone')), ...shared }
  const first = await startApp(t, { storage: source })
  const id = await first.app.redis.get('installation')
  await first.close()
  t.match(await runCli(source, 'backup', folder), { code: 0 })

  for (const prefix of ['shared:', 'fresh:']) {
    const target = { ...(await storageOf(t, 'alone', { bare: true })), ...shared, REDIS_PREFIX: prefix }
    t.match(await runCli(target, 'restore', folder), { code: 0, err: '' }, prefix)
    const restored = await startApp(t, { storage: target })
    t.equal(await restored.app.redis.get('installation'), id, prefix)
    await restored.close()
  }
})

t.test('commands claim no prefix, and refuse that of another installation', { skip }, async (t) => {
  const redis = await startRedis(t)
  const folder = join(await makeFolder(t), 'set')
  const [one, other] = [await storageOf(t, 'alone'), await storageOf(t, 'alone')]
  const shared = { REDIS_URL: redis.url, REDIS_PREFIX: 'shared:' }
  t.match(await runCli({ ...other, ...shared }, 'keys', 'list'), { code: 0, err: '' })
  const first = await startApp(t, { storage: { ...one, ...shared } })
  await first.close()
  t.match(await runCli({ ...one, ...shared }, 'backup', folder), { code: 0, err: '' })

  const second = await startApp(t, { storage: { ...other, ...shared, REDIS_PREFIX: 'own:' } })
  await second.close()
  const refused = { code: 1, err: /REDIS_PREFIX.*shared:installation/ }
  t.match(await runCli({ ...other, ...shared }, 'keys', 'list'), refused)
  t.match(
    await runCli({ ...other, ...shared }, 'restore', folder),
    { code: 0, err: '' },
    'the id is replaced'
  )
  await startApp(t, { storage: { ...other, ...shared } })
})
