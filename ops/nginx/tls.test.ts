import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { get } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import t, { type Test } from 'tap'
import { listen } from '#testing/listen.ts'
import { missing } from '#testing/programs.ts'
import { findPort } from '#testing/server-process.ts'
import { renderTls, upstreamOf } from './render.ts'
import { createEcho, startSite } from './sites.ts'

/** The site with TLS, with a certificate made for the test. */

const skip = missing('nginx') || missing('openssl')

async function startTls(t: Test) {
  const files = t.testdir()
  const [certificate, key] = [join(files, 'certificate.pem'), join(files, 'key.pem')]
  const request = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=fairlead.test'
  const made = spawnSync(
    'openssl',
    [
      'req',
      '-x509',
      ...request.split(' '),
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      key,
      '-out',
      certificate
    ],
    { encoding: 'utf8' }
  )
  if (made.status !== 0) throw new Error(made.stderr)
  const challenges = join(files, '.well-known', 'acme-challenge')
  mkdirSync(challenges, { recursive: true })
  writeFileSync(join(challenges, 'token'), 'the answer')
  const httpPort = await findPort()
  const more = renderTls({
    HTTP_LISTEN: `127.0.0.1:${httpPort}`,
    CERTIFICATE: certificate,
    KEY: key,
    ACME_ROOT: files
  })
  const upstream = upstreamOf([await listen(t, createEcho())])
  const { port } = await startSite(t, { UPSTREAM: upstream }, { flags: 'ssl http2', more })
  return { port, ca: readFileSync(certificate), httpUrl: `http://127.0.0.1:${httpPort}` }
}

t.test('the site by TLS', { skip }, async (t) => {
  const { port, ca, httpUrl } = await startTls(t)
  const ask = (path: string) =>
    new Promise<{ status: number | undefined; hsts: string | undefined; body: string }>((done, fail) => {
      get({ port, host: '127.0.0.1', path, ca }, async (response) => {
        const { statusCode: status, headers } = response
        done({ status, hsts: headers['strict-transport-security'], body: await text(response) })
      }).once('error', fail)
    })

  t.test('a replica sees that its client uses TLS', async (t) => {
    const { status, body } = await ask('/a')
    t.equal(status, 200)
    t.match(JSON.parse(body).headers, { 'x-forwarded-proto': 'https', host: `127.0.0.1:${port}` })
  })

  t.test('every answer has Strict-Transport-Security', async (t) => {
    for (const [path, expected] of [
      ['/a', 200],
      ['/metrics', 404]
    ] as const) {
      const { status, hsts } = await ask(path)
      t.equal(status, expected)
      t.equal(hsts, 'max-age=31536000')
    }
  })

  t.test('HTTP/2 is spoken', async (t) => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca })
    t.teardown(() => session.close())
    const stream = session.request({ ':path': '/b' })
    const status = new Promise((done) => stream.once('response', (headers) => done(headers[':status'])))
    t.match(JSON.parse(await text(stream)), { url: '/b' })
    t.equal(await status, 200)
  })

  t.test('TLS is 1.3 where the client can, 1.2 where it must, and nothing older', async (t) => {
    const shake = (maxVersion: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string | null>((done, fail) => {
        // By default the client itself would refuse old versions.
        const ciphers = 'DEFAULT:@SECLEVEL=0'
        const socket = connect(
          { port, host: '127.0.0.1', ca, minVersion: 'TLSv1', maxVersion, ciphers },
          () => {
            done(socket.getProtocol())
            socket.destroy()
          }
        ).once('error', fail)
      })
    t.equal(await shake('TLSv1.3'), 'TLSv1.3')
    t.equal(await shake('TLSv1.2'), 'TLSv1.2')
    await t.rejects(shake('TLSv1.1'), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' })
  })

  t.test('plain HTTP redirects to TLS, except for ACME challenges', async (t) => {
    for (const method of ['GET', 'POST']) {
      const answer = await fetch(`${httpUrl}/urls?a=b`, { method, redirect: 'manual' })
      t.equal(answer.status, 308, 'which keeps the method')
      t.equal(answer.headers.get('location'), 'https://127.0.0.1/urls?a=b')
      t.equal(
        answer.headers.get('strict-transport-security'),
        null,
        'which means nothing there (RFC 6797, 7.2)'
      )
    }
    t.equal(await (await fetch(`${httpUrl}/.well-known/acme-challenge/token`)).text(), 'the answer')
    t.equal((await fetch(`${httpUrl}/health`)).status, 200)
  })
})
