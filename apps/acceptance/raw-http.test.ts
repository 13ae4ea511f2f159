import { Agent, request as requestHttp } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { type Answer, startApp } from '#testing/app.ts'
import { isProblem } from './subject.ts'

/** Sends requests as bytes that no client library would send. */

/** Sends bytes over a new connection; returns the answer, or null if the connection closed without one. */
async function send(url: string, bytes: string): Promise<Answer | null> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => socket.destroy())
  socket.write(bytes, 'latin1')
  const answer = await text(socket).catch(() => '')
  const [, status, head = '', body = ''] =
    /^HTTP\/1\.1 (\d{3}) [^\r]*\r\n(.*?)\r\n\r\n(.*)$/s.exec(answer) ?? []
  if (status === undefined) return null
  const headers = new Headers(head.split('\r\n').map((line) => line.split(/: (.*)/, 2) as [string, string]))
  const isJson = /json/.test(headers.get('content-type') ?? '')
  return { status: Number(status), headers, text: body, json: isJson && body ? JSON.parse(body) : undefined }
}

const HOST = 'Host: sho.rt\r\n'
const END = 'Connection: close\r\n\r\n'
const USER = `POST /users HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`
const SHORTEN =
  'Content-Type: application/json\r\nContent-Length: 29\r\nConnection: close\r\n\r\n{"url":"https://example.com"}'

/** Requests, with the status of the expected problem. */
const refused: Record<string, [number, string]> = {
  'no HTTP at all': [400, 'hello\r\n\r\n'],
  'a TLS greeting': [400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  'another version': [400, `GET /users HTTP/3.0\r\n${HOST}${END}`],
  'the preface of HTTP/2': [400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  'an unknown method': [405, `FOO /users HTTP/1.1\r\n${HOST}${END}`],
  'a method of WebDAV': [405, `PROPFIND /users HTTP/1.1\r\n${HOST}${END}`],
  TRACE: [405, `TRACE /users HTTP/1.1\r\n${HOST}${END}`],
  'options of everything': [405, `OPTIONS * HTTP/1.1\r\n${HOST}${END}`],
  'no Host': [400, `GET /users HTTP/1.1\r\n${END}`],
  'a Host that is none': [400, `POST /shorten HTTP/1.1\r\nHost: a"<b>\r\n${SHORTEN}`],
  'two Hosts': [400, `POST /shorten HTTP/1.1\r\n${HOST}Host: evil.example\r\n${SHORTEN}`],
  'one Host twice': [400, `GET /users HTTP/1.1\r\n${HOST}host: sho.rt\r\n${END}`],
  'an empty Host': [400, `POST /shorten HTTP/1.1\r\nHost:\r\n${SHORTEN}`],
  'a header without a colon': [400, `GET /users HTTP/1.1\r\n${HOST}hello\r\n${END}`],
  'NUL in a header': [400, `GET /users HTTP/1.1\r\n${HOST}X-A: a\0b\r\n${END}`],
  'a header too large': [431, `GET /users HTTP/1.1\r\n${HOST}X-A: ${'x'.repeat(20_000)}\r\n${END}`],
  'an address too long': [431, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${HOST}${END}`],
  'bytes beyond ASCII in the address': [400, `GET /\xff\xfe HTTP/1.1\r\n${HOST}${END}`],
  'a broken escape': [400, `GET /%zz HTTP/1.1\r\n${HOST}${END}`],
  'an escape that is no UTF-8': [400, `GET /users/%ff HTTP/1.1\r\n${HOST}${END}`],
  'an escape that is no UTF-8, in a code': [400, `GET /s/%ff HTTP/1.1\r\n${HOST}${END}`],
  'two lengths': [400, `${USER}Content-Length: 2\r\nContent-Length: 3\r\n${END}{}`],
  'a length and chunks': [400, `${USER}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n${END}0\r\n\r\n`],
  'a length below zero': [400, `${USER}Content-Length: -2\r\n${END}{}`],
  'a length beyond numbers': [400, `${USER}Content-Length: 99999999999999999999\r\n${END}`],
  'a length beyond the limit': [413, `${USER}Content-Length: 999999999\r\n${END}`],
  'chunks without length': [400, `${USER}Transfer-Encoding: chunked\r\n${END}zz\r\n{}\r\n`],
  'an unknown transfer coding': [400, `${USER}Transfer-Encoding: magic\r\n${END}{}`],
  'climbing out': [404, `GET /../../etc/passwd HTTP/1.1\r\n${HOST}${END}`],
  'climbing out of the pages': [404, `GET /docs/static/../../../package.json HTTP/1.1\r\n${HOST}${END}`],
  'climbing out in disguise': [
    404,
    `GET /docs/static/%2e%2e%2f%2e%2e%2fpackage.json HTTP/1.1\r\n${HOST}${END}`
  ]
}

const { url, request } = await startApp(t)

t.test('an invalid request is refused with a problem, and the connection closed', async (t) => {
  for (const [name, [status, bytes]] of Object.entries(refused)) {
    const answer = await send(url, bytes)
    t.comment(name)
    if (answer) isProblem(t, answer, status)
    else t.fail(`${name}: closed without an answer`)
    if (answer?.status === 405) t.match(answer.headers.get('allow'), /GET, HEAD/)
  }
  t.equal((await request('GET', '/health')).status, 200)
  t.same((await request('GET', '/users')).json, [], 'and does nothing')
})

t.test('an invalid HEAD is refused without a body', async (t) => {
  for (const [bytes, status] of [
    [`HEAD /users HTTP/1.1\r\n${HOST}X-A: ${'x'.repeat(20_000)}\r\n${END}`, 431],
    [`HEAD /users HTTP/1.1\r\n${HOST}hello\r\n${END}`, 400]
  ] as const) {
    const answer = await send(url, bytes)
    t.equal(answer?.status, status)
    t.equal(answer?.text, '', 'it would be read as the next answer (RFC 9112, 6.3)')
  }
})

t.test('unusual but valid requests are served', async (t) => {
  for (const [name, bytes] of Object.entries({
    'HTTP/1.0 without a Host': 'GET /health HTTP/1.0\r\n\r\n',
    'the absolute form': `GET http://sho.rt/users HTTP/1.1\r\n${HOST}${END}`,
    'an unknown expectation': `GET /users HTTP/1.1\r\n${HOST}Expect: magic\r\n${END}`,
    'an upgrade that is not on offer': `GET /users HTTP/1.1\r\n${HOST}Upgrade: websocket\r\n${END}`,
    'a fragment': `GET /users#top HTTP/1.1\r\n${HOST}${END}`,
    'lines before the first': `\r\n\r\nGET /users HTTP/1.1\r\n${HOST}${END}`
  })) {
    t.equal((await send(url, bytes))?.status, 200, name)
  }
  const created = await send(url, `POST /shorten HTTP/1.0\r\n${SHORTEN}`)
  t.equal(created?.status, 201)
  t.equal(created?.json.short_url, `${url}/${created?.json.short_code}`, 'the address that was connected to')
})

t.test('aborted requests leave nothing behind', async (t) => {
  const { hostname, port } = new URL(url)
  for (const bytes of [
    'GET /us',
    `${USER}Content-Length: 500\r\n\r\n{"username": "half`,
    `GET /users HTTP/1.1\r\n${HOST}\r\n`
  ]) {
    const socket = connect(Number(port), hostname)
    await new Promise((done) => socket.write(bytes, done))
    socket.resetAndDestroy()
  }
  t.equal((await request('GET', '/health/ready')).status, 200)
  t.same((await request('GET', '/users')).json, [])
})

t.test('a refused upload does not block the requests behind it', async (t) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const ask = (method: string, path: string, headers: Record<string, string>, body: string) =>
    new Promise<number | string>((done) => {
      const length = { 'content-length': String(body.length) }
      const sent = requestHttp(
        `${url}${path}`,
        { agent, method, headers: { ...headers, ...length } },
        (answer) => {
          answer.resume().on('end', () => done(answer.statusCode ?? 0))
        }
      )
      sent.setTimeout(5_000, () => sent.destroy(new Error('no answer')))
      sent.on('error', (error) => done(error.message))
      sent.end(body)
    })
  const csv = `not,a,set\n${'x,y,z\n'.repeat(100_000)}`
  const form = (name: string) =>
    `--frontier\r\nContent-Disposition: form-data; name="${name}"; filename="a"\r\n\r\n${csv}\r\n--frontier--\r\n`
  const multipart = { 'content-type': 'multipart/form-data; boundary=frontier' }
  for (const [status, headers, body] of [
    [422, multipart, form('file')],
    [422, multipart, form('other')],
    [422, { 'content-type': 'text/csv' }, csv],
    [415, { 'content-type': 'text/plain' }, csv],
    [400, { 'content-type': 'application/json' }, csv]
  ] as const) {
    t.equal(await ask('POST', '/users/bulk', headers, body), status)
    t.equal(await ask('GET', '/health', {}, ''), 200)
  }
})
