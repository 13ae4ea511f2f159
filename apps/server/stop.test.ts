import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { hasRedis, storageOf } from '#testing/app.ts'
import { type ListeningServer, startServer } from '#testing/process.ts'

const GOOD = { code: 0, signal: null }
const BAD = { code: 1, signal: null }

/** The faster storage, for tests in which storage does not matter. */
const ANY = hasRedis() ? 'redis' : 'alone'

/**
 * Starts a request whose body is incomplete. It is in flight until `finish`, which returns the whole answer.
 */
async function holdRequest({ url }: ListeningServer): Promise<{ socket: Socket; finish(): Promise<string> }> {
  const { hostname, port } = new URL(url)
  const body = JSON.stringify({ username: 'patient', email: 'patient@example.com' })
  const socket = connect(Number(port), hostname)
  socket.on('error', () => socket.destroy())
  socket.write(
    'POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
      `Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`
  )
  const [chunk] = await once(socket, 'data')
  if (!/^HTTP\/1\.1 100 /.test(String(chunk))) throw new Error(`not waited for: ${chunk}`)
  return {
    socket,
    finish() {
      socket.write(body)
      return text(socket)
    }
  }
}

for (const [signal, profile] of [
  ['SIGTERM', 'own'],
  ['SIGINT', ANY]
] as const) {
  t.test(`at ${signal} it finishes what it serves, takes nothing new and exits in peace`, async (t) => {
    const storage = await storageOf(t, profile)
    const server = await startServer(t, storage)
    // This client keeps its connection open, which must not delay the end.
    t.equal((await server.request('GET', '/health')).status, 200)
    const held = await holdRequest(server)
    server.child.kill(signal)
    t.equal((await server.logged(/^closing$/))['signal'], signal)
    const answer = await held.finish()
    t.match(answer, /^HTTP\/1\.1 201 /)
    t.same(await server.exited, GOOD)
    t.ok(server.lines().some(({ msg }) => msg === 'closed'))
    await t.rejects(server.request('GET', '/health'))

    const next = await startServer(t, storage)
    t.match((await next.request('GET', '/users')).json, [{ username: 'patient' }], 'it is stored')
  })
}

t.test('before it closes it is not ready for a while, but still serves', async (t) => {
  const env = { ...(await storageOf(t, ANY)), DRAIN_MS: '2000', SHUTDOWN_TIMEOUT_MS: '1900' }
  const server = await startServer(t, env)
  t.equal((await server.request('GET', '/health/ready')).status, 200)
  server.child.kill('SIGTERM')
  await server.logged(/^closing$/)
  const ready = await server.request('GET', '/health/ready')
  t.equal(ready.status, 503)
  t.equal(ready.json.status, 'draining')
  t.equal((await server.request('GET', '/health/live')).status, 200)
  t.equal((await server.request('GET', '/users')).status, 200)
  t.same(await server.exited, GOOD, 'the bound of the close begins after the drain')
})

t.test('a second signal ends the process at once', async (t) => {
  const server = await startServer(t, { ...(await storageOf(t, ANY)), DRAIN_MS: '600000' })
  server.child.kill('SIGTERM')
  await server.logged(/^closing$/)
  // Until a signal no longer counts as a repetition of the first.
  const timer = setInterval(() => server.child.kill('SIGTERM'), 100)
  t.same(await server.exited, BAD)
  clearInterval(timer)
})

t.test('a signal sent twice at once, by a terminal and by npm, counts once', async (t) => {
  const server = await startServer(t, { ...(await storageOf(t, ANY)), DRAIN_MS: '100' })
  server.child.kill('SIGINT')
  await server.logged(/^closing$/)
  t.same(await server.end('SIGINT'), GOOD)
})

t.test('an endless request does not delay the end beyond its timeout', async (t) => {
  const server = await startServer(t, { ...(await storageOf(t, ANY)), SHUTDOWN_TIMEOUT_MS: '500' })
  const held = await holdRequest(server)
  t.same(await server.end(), BAD)
  t.ok(server.lines().some(({ level, msg }) => level === 'error' && /timeout/.test(msg)))
  held.socket.destroy()
})

for (const [kind, code] of [
  ['an uncaught exception', 'throw new Error("broken on purpose")'],
  ['an unhandled rejection', 'Promise.reject(new Error("broken on purpose"))']
] as const) {
  t.test(`${kind} is logged, and ends it as failed`, async (t) => {
    const storage = await storageOf(t, ANY)
    const server = await startServer(t, storage, { inject: `process.on("SIGWINCH", () => { ${code} })` })
    t.same(await server.end('SIGWINCH'), BAD)
    const line = server.lines().find(({ level }) => level === 'fatal')
    t.match(line, { err: { message: 'broken on purpose', stack: /broken on purpose\n/ } })
    t.same(await (await startServer(t, storage)).end(), GOOD, 'and it starts again')
  })
}
