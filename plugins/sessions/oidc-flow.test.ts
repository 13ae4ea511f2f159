import t from 'tap'
import { createFlowSeal, FLOW_MS, isLocalPath } from './oidc-flow.ts'

const flow = { state: 's', nonce: 'n', verifier: 'v', returnTo: '/docs?a=1#b' }

t.test('a sealed flow is believed for its time, by whoever has the secret', async (t) => {
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

t.test('only a path of this server is a place to go to', async (t) => {
  for (const good of ['/', '/docs', '/docs?a=https://b#//c', '/%2F%2Fevil.example', '/é', '/.//x', '/a//b'])
    t.equal(isLocalPath(good), true, good)
  const bad = ['', 'docs', '//evil.example', '/\\evil.example', '\\\\evil.example', 'https://evil.example']
  const worse = [
    '/\t/evil.example',
    '/\n/evil.example',
    ' //evil.example',
    'javascript:alert(1)',
    '/a\\..\\\\b'
  ]
  for (const path of [...bad, ...worse]) t.equal(isLocalPath(path), false, JSON.stringify(path))
  for (const path of ['/', '/.//evil.example', '/%2F%2Fevil.example', '/a/..//evil.example'].filter(
    isLocalPath
  ))
    t.equal(new URL(path, 'https://sho.rt/session/oidc/callback').host, 'sho.rt', path)
})
