import t from 'tap'
import { readConfig } from '#apps/config.ts'
import { storageOf } from '#testing/app.ts'
import { spawnServer, startServer } from '#testing/process.ts'
import { refuseExposure } from './exposure.ts'

/** A server without keys is unreachable from other machines unless configured. */

const check = (env: Record<string, string>) => () => refuseExposure(readConfig(env))

t.test('an open server listens on this machine only', async (t) => {
  for (const HOST of ['127.0.0.1', '127.8.9.1', '::1', 'localhost', '::ffff:127.0.0.1'])
    t.doesNotThrow(check({ HOST }), HOST)
  for (const HOST of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '::ffff:10.0.0.1',
    'fairlead.example',
    '127.0.0.1.example',
    '0'
  ])
    t.throws(check({ HOST }), /AUTH=keys/, HOST)
})

t.test('with keys, or if so configured, a server listens on any address', async (t) => {
  t.doesNotThrow(check({ HOST: '0.0.0.0', AUTH: 'keys' }))
  t.doesNotThrow(check({ HOST: '0.0.0.0', AUTH_OPEN_BEYOND_LOOPBACK: 'yes' }))
  t.throws(check({ HOST: '0.0.0.0', AUTH_OPEN_BEYOND_LOOPBACK: 'no' }), /AUTH=keys/)
})

t.test('an open server beyond this machine refuses to start and says what to set', async (t) => {
  const server = spawnServer(t, { HOST: '0.0.0.0' })
  t.same(await server.exited, { code: 1, signal: null })
  for (const setting of [/AUTH=keys/, /HOST=127\.0\.0\.1/, /AUTH_OPEN_BEYOND_LOOPBACK=yes/])
    t.match(server.output(), setting)
  t.notMatch(server.output(), /\n\s+at /, 'no stack')
})

t.test('a key that is not one is refused, and not shown', async (t) => {
  const server = spawnServer(t, { AUTH: 'keys', ADMIN_KEY: 'fl_0123456789abcdef_hunter2' })
  t.same(await server.exited, { code: 1, signal: null })
  t.match(server.output(), /ADMIN_KEY/)
  t.notMatch(server.output(), /hunter2/)
})

t.test('a server without a valid key logs what to do', async (t) => {
  const server = await startServer(t, { ...(await storageOf(t, 'alone')), HOST: '0.0.0.0', AUTH: 'keys' })
  const line = await server.logged(/no valid key exists/)
  t.match(line['msg'], /keys create/)
  t.same(await server.end(), { code: 0, signal: null })
})
