import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { startApp } from '#testing/app.ts'

/** Clients that send a byte now and then to hold connections (slowloris): closed, while others are served. */

const { url, request } = await startApp(t, {
  env: { CLIENT_HEADERS_TIMEOUT_MS: '1500', CLIENT_REQUEST_TIMEOUT_MS: '2000' }
})
const { hostname, port } = new URL(url)

/**
 * Sends `start`, then a byte of `drip` at intervals. Returns the server's output until it closes the
 * connection.
 */
async function dawdle(start: string, drip: string): Promise<string> {
  const socket = connect(Number(port), hostname)
  socket.on('error', () => socket.destroy())
  socket.write(start)
  const drops = setInterval(() => socket.write(drip), 50)
  try {
    return await text(socket).catch(() => '')
  } finally {
    clearInterval(drops)
  }
}

t.test('a head that never ends is answered 408, and others are served meanwhile', async (t) => {
  const slow = Array.from({ length: 50 }, () => dawdle('GET /health HTTP/1.1\r\nHost: a\r\nX-A: ', 'a'))
  t.equal((await request('GET', '/health')).status, 200)
  for (const answer of await Promise.all(slow)) t.match(answer, /^HTTP\/1\.1 408 [\s\S]*problem\+json/)
})

t.test('a connection with an endless body is closed too', async (t) => {
  const head =
    'POST /users HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n'
  t.match(await dawdle(head, ' '), /^HTTP\/1\.1 408 /)
  t.equal((await request('GET', '/health')).status, 200)
})
