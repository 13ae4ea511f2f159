import { request as httpRequest, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, zstdDecompress } from 'node:zlib'
import t from 'tap'
import { startApp } from '#testing/app.ts'

const { request, url } = await startApp(t)
for (let n = 0; n < 30; n++)
  await request('POST', '/urls', {
    json: { original_url: `https://example.com/a/path/to/${n}`, short_code: `c${n}` }
  })

/** Sends a plain request: fetch would add headers and decode the response. */
function ask(method: string, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ answer: IncomingMessage; body: Buffer }>((resolve, reject) => {
    const sent = httpRequest(url + path, { method, headers }, async (answer) =>
      resolve({ answer, body: await buffer(answer) })
    )
    sent.on('error', reject).end()
  })
}

const decoders = {
  zstd: promisify(zstdDecompress),
  br: promisify(brotliDecompress),
  gzip: promisify(gunzip)
}

t.test('long responses are compressed with a coding that the client accepts', async (t) => {
  for (const path of ['/urls', '/urls/bulk', '/openapi.json', '/docs/errors']) {
    const plain = await ask('GET', path)
    t.notOk(plain.answer.headers['content-encoding'], path)
    for (const [coding, decode] of Object.entries(decoders)) {
      const { answer, body } = await ask('GET', path, { 'accept-encoding': coding })
      t.match(answer.headers, { 'content-encoding': coding, vary: /accept-encoding/i }, `${path} ${coding}`)
      t.same(await decode(body), plain.body, `${path} ${coding}`)
      t.ok(
        body.length < plain.body.length / 2,
        `${path} ${coding}: ${body.length} of ${plain.body.length} bytes`
      )
    }
  }
})

t.test('short responses, redirects, probes and errors are not compressed', async (t) => {
  const headers = { 'accept-encoding': 'gzip, br, zstd', accept: 'text/html' }
  for (const path of ['/urls/1', '/c1', '/nothing', '/health', '/health/ready', '/metrics', '/urls/999'])
    t.notOk((await ask('GET', path, headers)).answer.headers['content-encoding'], path)
})

t.test('HEAD has the headers of GET', async (t) => {
  for (const path of ['/urls', '/urls/1', '/openapi.json']) {
    const [get, head] = await Promise.all(
      ['GET', 'HEAD'].map((method) => ask(method, path, { 'accept-encoding': 'gzip' }))
    )
    for (const name of ['content-encoding', 'content-length', 'vary'])
      t.equal(head?.answer.headers[name], get?.answer.headers[name], `${path} ${name}`)
    t.equal(head?.body.length, 0)
  }
})

t.test('a cached page is answered 304 without a body', async (t) => {
  const headers = { 'accept-encoding': 'gzip' }
  const path = '/docs/static/swagger-ui.css'
  const { answer } = await ask('GET', path, headers)
  t.match(answer.headers, { 'content-encoding': 'gzip', etag: /^W\// })
  const again = await ask('GET', path, { ...headers, 'if-none-match': String(answer.headers.etag) })
  t.match([again.answer.statusCode, again.body.length], [304, 0])
  t.notOk(again.answer.headers['content-encoding'])
})
