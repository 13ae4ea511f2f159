import fastify from 'fastify'
import t, { type Test } from 'tap'
import { readConfig } from '#apps/config.ts'
import { announce } from './announce.ts'

/** Returns the announcement on a terminal of a server that listens on `host`. */
async function announced(t: Test, host: string, env: Record<string, string> = {}): Promise<string> {
  const app = fastify()
  await app.listen({ host, port: 0 })
  const written = t.capture(process.stdout, 'write')
  announce(app, readConfig({ DATA_DIR: '/srv/links', ...env }, true))
  const text = written()
    .map(({ args }) => String(args[0]))
    .join('')
  written.restore()
  await app.close()
  return text
}

t.test('on a terminal it shows its address, its storage and a command to try', async (t) => {
  const text = await announced(t, '127.0.0.1')
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? []
  t.match(text, `Fairlead listens on ${url}\n`)
  t.match(text, 'bundled PostgreSQL in /srv/links')
  t.match(text, 'in this process')
  t.match(text, `curl -s -X POST ${url}/shorten`)
})

t.test('a wildcard address is shown as one that can be opened', async (t) => {
  t.match(await announced(t, '0.0.0.0'), /listens on http:\/\/localhost:\d+\n/)
  t.match(await announced(t, '::'), /listens on http:\/\/localhost:\d+\n/)
  t.match(await announced(t, '::1'), /listens on http:\/\/\[::1\]:\d+\n/)
})

t.test('behind a proxy it warns that the proxy determines the host of short links', async (t) => {
  const warnedWith = async (env: Record<string, string>) => {
    const warnings: unknown[] = []
    const app = fastify()
    app.log.warn = (message: unknown) => void warnings.push(message)
    await app.listen({ host: '127.0.0.1', port: 0 })
    announce(app, readConfig(env))
    await app.close()
    return warnings.map(String)
  }
  t.match(await warnedWith({ TRUST_PROXY: '10.0.0.1' }), [/PUBLIC_URL is not set/])
  t.same(await warnedWith({ TRUST_PROXY: '10.0.0.1', PUBLIC_URL: 'https://sho.rt' }), [])
  t.same(await warnedWith({}), [])
})

t.test('never shows the addresses of servers, which hold passwords', async (t) => {
  const env = { DATABASE_URL: 'postgres://me:hunter2@db/x', REDIS_URL: 'redis://:hunter2@cache' }
  const text = await announced(t, '127.0.0.1', env)
  t.match(text, /PostgreSQL \(DATABASE_URL\).+Redis \(REDIS_URL\)/s)
  t.notMatch(text, /hunter2/)
})

t.test('warns that replicas without Redis see changes late, and how late', async (t) => {
  for (const [env, isWarned] of [
    [{ REPLICAS: '2', CACHE_FRESH_MS: '7000' }, true],
    [{ REPLICAS: '2', REDIS_URL: 'redis://cache' }, false],
    [{}, false]
  ] as const) {
    const lines: string[] = []
    const app = fastify({ logger: { level: 'warn', stream: { write: (line) => void lines.push(line) } } })
    t.teardown(() => app.close())
    await app.listen({ host: '127.0.0.1', port: 0 })
    announce(app, readConfig(env))
    t.equal(lines.length, isWarned ? 1 : 0)
    if (isWarned) t.match(JSON.parse(lines[0] ?? ''), { cacheFreshMs: 7_000, msg: /CACHE_FRESH_MS/ })
  }
})
