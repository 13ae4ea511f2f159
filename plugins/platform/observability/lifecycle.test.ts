import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import fastify from 'fastify'
import t from 'tap'
import { until } from '#testing/until.ts'
import lifecycle from './lifecycle.ts'

t.test('draining begins at once and lasts for drainMs', async (t) => {
  const app = fastify()
  await app.register(lifecycle, { drainMs: 50, lingerMs: 0 })
  t.equal(app.lifecycle.draining, false)
  let isOver = false
  const draining = app.lifecycle.drain().then(() => {
    isOver = true
  })
  t.equal(app.lifecycle.draining, true)
  await wait(20)
  t.equal(isOver, false)
  await draining
})

t.test('after the drain new connections are refused, and open ones stay until the close', async (t) => {
  const app = fastify({ return503OnClosing: false, keepAliveTimeout: 60_000 })
  await app.register(lifecycle, { drainMs: 0, lingerMs: 100 })
  app.get('/', async () => 'served')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  await app.lifecycle.drain()
  const [refusal] = await once(connect(port, '127.0.0.1'), 'error')
  t.match(refusal, { code: 'ECONNREFUSED' })
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  t.match(
    answer.toString(),
    /200 OK[\s\S]*connection: keep-alive/i,
    'else each answer brought a new connection'
  )
  await app.close()
})

t.test('a close does not wait for a connection that stays open after its response', async (t) => {
  const app = fastify({ return503OnClosing: false, keepAliveTimeout: 60_000 })
  await app.register(lifecycle, { drainMs: 0, lingerMs: 100 })
  let answer: () => void = () => undefined
  const asked = new Promise<void>((done) => {
    app.get('/', async () => {
      done()
      await new Promise<void>((go) => {
        answer = go
      })
      return 'late'
    })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n')
  await asked
  const closing = app.close()
  await wait(20)
  answer()
  t.match(await text(socket), /200 OK.*late$/s)
  await closing
})

t.test('a close refuses new connections at once and ends open ones with their next response', async (t) => {
  const app = fastify({ return503OnClosing: false, keepAliveTimeout: 60_000 })
  await app.register(lifecycle, { drainMs: 0, lingerMs: 5_000 })
  app.get('/', async () => 'served')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
  socket.write(request)
  const [first] = (await once(socket, 'data')) as [Buffer]
  t.match(first.toString(), /200 OK[\s\S]*connection: keep-alive/i)
  const closing = app.close()
  await until(() => !app.server.listening)
  // Longer than the interval of the idle check.
  await wait(100)
  const late = connect(port, '127.0.0.1')
  const [refusal] = await once(late, 'error')
  t.match(refusal, { code: 'ECONNREFUSED' })
  socket.write(request)
  t.match(
    await text(socket),
    /200 OK[\s\S]*connection: close[\s\S]*served/i,
    'answered, and ended by its answer'
  )
  await closing
})

t.test('a close does not wait for a connection without requests', async (t) => {
  const app = fastify({ return503OnClosing: false, keepAliveTimeout: 60_000 })
  await app.register(lifecycle, { drainMs: 0, lingerMs: 100 })
  app.get('/', async () => 'served')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const [silent, idle] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  const ends = [silent, idle].map((socket) => once(socket, 'close'))
  silent.resume()
  idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(idle.resume(), 'data')
  await app.close()
  await Promise.all(ends)
  t.pass('both were ended')
})

/** A worker that sends 20 requests while the server thread is busy, then reports how many got a response. */
const CLIENTS = `
const { connect } = require('node:net')
const { parentPort, workerData: { port, flag } } = require('node:worker_threads')
let [sent, answered, ended] = [0, 0, 0]
for (let at = 0; at < 20; at++) {
  const socket = connect(port, '127.0.0.1', () => {
    socket.write('GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n', () => {
      if (++sent === 20) Atomics.store(flag, 0, 1)
    })
  })
  socket.on('data', () => answered++).on('error', () => {}).on('close', () => {
    if (++ended === 20) parentPort.postMessage(answered)
  })
}`

t.test('a request received while the server was busy is served although it closes at once', async (t) => {
  const app = fastify({ return503OnClosing: false })
  await app.register(lifecycle, { drainMs: 0, lingerMs: 5_000 })
  app.get('/', async () => 'served')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const clients = new Worker(CLIENTS, { eval: true, workerData: { port, flag } })
  const answered = once(clients, 'message')
  await once(clients, 'online')
  // Blocks this thread: only the kernel completes connections meanwhile.
  while (Atomics.load(flag, 0) === 0) Atomics.wait(flag, 0, 0, 10)
  await app.close()
  t.same(await answered, [20])
})
