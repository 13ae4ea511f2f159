import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { listen } from '#testing/listen.ts'
import { type Link, openLink } from './link.ts'

/** The TCP proxy between programs. */

/** Opens a link to an echo server. */
async function open(t: Test): Promise<Link> {
  const echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket))
  const link = await openLink(await listen(t, echo))
  t.teardown(link.close)
  return link
}

async function dial(t: Test, link: Link): Promise<Socket> {
  const [host = '', port] = link.address.split(':')
  const socket = connect(Number(port), host)
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Sends `text` and returns the echo, once it has the same length. */
async function say(socket: Socket, text: string): Promise<string> {
  let heard = ''
  const done = new Promise<void>((done) => {
    socket.on('data', function listen(piece) {
      heard += piece
      if (heard.length < text.length) return
      socket.off('data', listen)
      done()
    })
  })
  socket.write(text)
  await done
  return heard
}

t.test('forwards data and ends in both directions', async (t) => {
  const socket = await dial(t, await open(t))
  const long = 'abcdefghij'.repeat(300_000)
  t.equal(await say(socket, long), long)
  socket.end()
  await once(socket, 'close')
})

t.test('delays what passes both ways, in order', async (t) => {
  const link = await open(t)
  const socket = await dial(t, link)
  await link.setCondition({ kind: 'delay', ms: 60, jitterMs: 30 })
  const start = performance.now()
  const sent = Array.from({ length: 50 }, (_, at) => `${at},`).join('')
  t.equal(await say(socket, sent), sent)
  t.ok(performance.now() - start >= 60, 'not before 30 ms each way')
})

t.test('lost data is sent again: late, in order and whole', async (t) => {
  const link = await open(t)
  const socket = await dial(t, link)
  await link.setCondition({ kind: 'loss', share: 0.2 })
  for (let at = 0; at < 10; at++) t.equal(await say(socket, `piece ${at}`), `piece ${at}`)
})

t.test('silence delays data and closes no connection', async (t) => {
  const link = await open(t)
  const socket = await dial(t, link)
  await link.setCondition({ kind: 'silence' })
  let isHeard = false
  const heard = say(socket, 'hello').then((text) => {
    isHeard = true
    return text
  })
  // By now the echo of the other link would have arrived.
  await say(await dial(t, await open(t)), 'hello')
  t.notOk(isHeard)
  await link.setCondition({ kind: 'clear' })
  t.equal(await heard, 'hello')
})

t.test('a cut link resets connections and refuses new ones until it is restored', async (t) => {
  const link = await open(t)
  const socket = await dial(t, link)
  await say(socket, 'hello')
  const broken = once(socket, 'error')
  socket.on('error', () => undefined)
  await link.setCondition({ kind: 'cut' })
  t.match(await broken.catch((error) => [error]), [{ code: 'ECONNRESET' }])
  await t.rejects(dial(t, link), { code: 'ECONNREFUSED' })
  await link.setCondition({ kind: 'clear' })
  t.equal(await say(await dial(t, link), 'again'), 'again')
})
