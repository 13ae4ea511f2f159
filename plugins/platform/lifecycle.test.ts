import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import fastify from 'fastify'
import t from 'tap'
import lifecycle from './lifecycle.ts'

t.test('draining begins at once and lasts as long as it is told', async (t) => {
  const app = fastify()
  await app.register(lifecycle, { drainMs: 50 })
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

t.test('a close does not wait for a client that keeps its connection after its answer', async (t) => {
  const app = fastify({ return503OnClosing: false, keepAliveTimeout: 60_000 })
  await app.register(lifecycle, { drainMs: 0 })
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

t.test('a close refuses new connections at once, and ends those in use with their next answer', async (t) => {
  const app = fastify({ return503OnClosing: false, keepAliveTimeout: 60_000 })
  await app.register(lifecycle, { drainMs: 0 })
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
  while (app.server.listening) await wait(5)
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
