import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { startApp } from '#testing/app.ts'

/** Clients that send a body that is too large, and read the response only after sending all of it. */

const { url } = await startApp(t, { env: { BULK_LIMIT_BYTES: '1048576' } })
const { hostname, port } = new URL(url)
const MIB = 1_048_576

/** Uploads `mebibytes`, chunked if `isChunked`. Returns the response or error, and the bytes sent. */
async function upload(path: string, type: string, mebibytes: number, isChunked: boolean) {
  const socket = connect(Number(port), hostname)
  const failed = new Promise<string>((done) => socket.on('error', ({ message }) => done(message)))
  const length = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${mebibytes * MIB}`
  socket.write(`POST ${path} HTTP/1.1\r\nHost: sho.rt\r\nContent-Type: ${type}\r\n${length}\r\n\r\n`)
  const block = `"${'x'.repeat(MIB - 2)}"`
  const sent = (async () => {
    for (let at = 0; at < mebibytes && socket.writable; at++)
      await new Promise((done) => socket.write(isChunked ? `100000\r\n${block}\r\n` : block, done))
    if (isChunked && socket.writable) await new Promise((done) => socket.write('0\r\n\r\n', done))
  })()
  await Promise.race([sent, failed])
  return { answer: await Promise.race([text(socket), failed]), bytes: socket.bytesWritten }
}

t.test('a client that is still sending gets its 413, and the connection is closed', async (t) => {
  for (const [path, type] of [
    ['/users', 'application/json'],
    ['/urls/bulk', 'text/csv'],
    ['/urls/bulk', 'application/json']
  ] as const)
    for (const isChunked of [false, true]) {
      const { answer } = await upload(path, type, 8, isChunked)
      t.match(
        answer,
        /^HTTP\/1\.1 413 .*connection: close.*"code":"\w+_TOO_LARGE"/is,
        `${path} ${type} ${isChunked}`
      )
    }
})

t.test('only a bounded part of the body is read', async (t) => {
  const { bytes } = await upload('/users', 'application/json', 512, false)
  t.ok(bytes < 128 * MIB, `${bytes} bytes`)
})
