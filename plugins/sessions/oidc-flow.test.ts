import fc from 'fast-check'
import t from 'tap'
import { createFlowSeal, FLOW_MS, isPagePath } from './oidc-flow.ts'

const flow = { state: 's', nonce: 'n', verifier: 'v', returnTo: '/docs?a=1#b' }

t.test('a sealed flow is valid until it expires, on every replica with the secret', async (t) => {
  let now = 1_000
  const one = createFlowSeal('a secret of some length', () => now)
  const sealed = one.seal(flow)
  t.match(createFlowSeal('a secret of some length', () => now).open(sealed), flow, 'another replica')
  t.equal(createFlowSeal('another secret', () => now).open(sealed), null)
  for (const bad of [
    sealed.slice(0, -1),
    `x${sealed}`,
    `${sealed}x`,
    sealed.split('.')[0] ?? '',
    '.',
    '',
    'x'
  ])
    t.equal(one.open(bad), null, bad)
  now += FLOW_MS - 1
  t.match(one.open(sealed), flow)
  now++
  t.equal(one.open(sealed), null, 'too late')
})

t.test('only a page of this server is a place to go to, however a browser reads the path', async (t) => {
  const isPage = (path: string) => isPagePath(path, ['/', '/docs', '/docs/*'])
  for (const good of [
    '/',
    '/?a',
    '/docs',
    '/docs?a=https://b#//c',
    '/docs/static/index.html',
    '/docs/%2F%2Fevil.example'
  ])
    t.equal(isPage(good), true, good)
  const bad = [
    ...[
      '',
      'docs',
      '//evil.example',
      '/\\evil.example',
      '\\\\evil.example',
      'https://evil.example',
      'javascript:alert(1)'
    ],
    ...[
      '/\t/evil.example',
      '/\n/evil.example',
      ' //evil.example',
      '/docs\\..\\b',
      '/docs\r\nset-cookie: a=b'
    ],
    // Short links and other routes that are no pages.
    ...[
      '/abc',
      '/s/abc',
      '/urls/abc/redirect',
      '/docsx',
      '/users',
      '/session/oidc',
      '/metrics',
      '/.//x',
      '/a//b'
    ],
    ...['/docs/../abc', '/docs/%2e%2e/abc', '/docs/.%2E/abc', '/./abc', '/docs/./a'],
    // Non-ASCII letters.
    ...['/日本', '/docs/é', '/docs?a=é', '/docs#é', '/docs/ a']
  ]
  for (const path of bad) t.equal(isPage(path), false, JSON.stringify(path))
})

t.test('a browser stays on a page of this server for any accepted path', async () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.webPath(),
        fc.string().map((end) => `/docs/${end}`)
      ),
      (path) => {
        if (!isPagePath(path, ['/', '/docs', '/docs/*'])) return true
        const { host, pathname } = new URL(path, 'https://sho.rt/session/oidc/callback')
        return host === 'sho.rt' && /^[\x21-\x7e]+$/.test(path) && /^\/$|^\/docs(\/|$)/.test(pathname)
      }
    )
  )
})
