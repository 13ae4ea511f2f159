import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { startApp } from '#testing/app.ts'
import { dashboardRoutes } from './routes.ts'

const PAGE =
  '<html data-base="%BASE%" data-auth="%AUTH%" data-oidc="%OIDC%" data-version="%VERSION%" data-limit="%LIMIT%">'

/** The routes alone, on a folder with `files`. */
async function serve(t: Test, files: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-dashboard-'))
  t.teardown(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const app = Fastify()
  t.teardown(() => app.close())
  app.decorate('publicPath', '/a"b')
  await app.register(dashboardRoutes, {
    folder,
    version: '1.2.3',
    auth: 'keys',
    signsInAtProvider: true,
    uploadLimitBytes: 1_000
  })
  return app
}

const build = (files: string[], earlier: string[] = []) => JSON.stringify({ page: PAGE, files, earlier })

t.test('files never change, and are sent compressed', async (t) => {
  const app = await serve(t, {
    'build.json': build(['main-A.js'], ['main-B.js']),
    'main-A.js': 'plain',
    'main-A.js.br': 'brotli',
    'main-B.js': 'earlier',
    'secret.js': 'not of the build'
  })
  const get = (file: string, accepted = 'identity') =>
    app.inject({ url: `/dashboard/assets/${file}`, headers: { 'accept-encoding': accepted } })
  const plain = await get('main-A.js')
  t.equal(plain.body, 'plain')
  t.match(plain.headers, { 'cache-control': /max-age=31536000, immutable/, 'content-type': /javascript/ })
  t.match(await get('main-A.js', 'gzip, br'), { body: 'brotli', headers: { 'content-encoding': 'br' } })
  t.equal((await get('main-B.js')).body, 'earlier', 'an open tab finds the files of the build before')
  const others = ['secret.js', 'build.json', 'main-C.js', '..%2f..%2fpackage.json']
  t.same(
    await Promise.all(others.map(async (file) => (await get(file)).statusCode)),
    others.map(() => 404)
  )
})

t.test('every address answers the page with the settings, escaped', async (t) => {
  const app = await serve(t, { 'build.json': build([]) })
  for (const url of ['/dashboard', '/dashboard/links/1', '/dashboard/a/b?c=d']) {
    const answer = await app.inject({ url })
    t.match(answer.headers, { 'cache-control': 'no-cache', 'content-type': 'text/html; charset=utf-8' })
    t.equal(
      answer.body,
      '<html data-base="/a&#34;b" data-auth="keys" data-oidc="true" data-version="1.2.3" data-limit="1000">'
    )
  }
})

t.test('without a build the page is 503, and the files are 404', async (t) => {
  const app = await serve(t, {})
  t.match(await app.inject({ url: '/dashboard' }), { statusCode: 503, body: /DASHBOARD_UNBUILT/ })
  t.equal((await app.inject({ url: '/dashboard/assets/main-A.js' })).statusCode, 404)
})

t.test('the policy of the page allows nothing inline', async (t) => {
  const { request } = await startApp(t)
  const policy = (await request('GET', '/dashboard')).headers.get('content-security-policy') ?? ''
  t.match(policy, "default-src 'none'")
  t.match(policy, "script-src 'self'")
  t.match(policy, "style-src-attr 'none'")
  t.notMatch(policy, /unsafe|\*/)
  t.match(
    (await request('GET', '/docs')).headers.get('content-security-policy'),
    "style-src-attr 'unsafe-inline'"
  )
})
