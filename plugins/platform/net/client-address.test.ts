import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { createAddressReader, parseAddress } from './client-address.ts'

const readFrom = (peer: string, forwarded?: string, trust = ['10.0.0.0/8', '::1']) =>
  createAddressReader(trust)({
    socket: { remoteAddress: peer },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  } as unknown as IncomingMessage)

t.test('an address is read in each form that proxies write', async (t) => {
  const forms: Record<string, string | null> = {
    '203.0.113.8': '203.0.113.8',
    ' 203.0.113.8:51234 ': '203.0.113.8',
    '"203.0.113.8:51234"': '203.0.113.8',
    '2001:DB8::0001': '2001:db8::1',
    '[2001:db8::1]': '2001:db8::1',
    '[2001:db8::1]:443': '2001:db8::1',
    '"[2001:db8::1]:443"': '2001:db8::1',
    'fe80::1%eth0': 'fe80::1',
    '::ffff:203.0.113.8': '203.0.113.8',
    '[::ffff:cb00:7108]:9': '203.0.113.8',
    unknown: null,
    _hidden: null,
    '_SEVKISEK:80': null,
    '': null,
    '203.0.113': null,
    '203.0.113.256:1': null,
    '[203.0.113.8': null,
    'example.com:80': null
  }
  for (const [form, address] of Object.entries(forms)) t.equal(parseAddress(form), address, form)
})

t.test('a port never makes another client', async () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV6(), fc.integer({ min: 1, max: 65_535 }), (v4, v6, port) => {
      return (
        parseAddress(`${v4}:${port}`) === parseAddress(v4) &&
        parseAddress(`[${v6}]:${port}`) === parseAddress(v6) &&
        parseAddress(v4) !== null &&
        parseAddress(v6) !== null
      )
    })
  )
})

t.test('the list is read from its end, as far as proxies are trusted', async (t) => {
  t.equal(readFrom('203.0.113.9', '198.51.100.1'), '203.0.113.9', 'the peer is no proxy')
  t.equal(readFrom('10.0.0.1'), '10.0.0.1')
  t.equal(readFrom('10.0.0.1', '198.51.100.1, 203.0.113.8:51234'), '203.0.113.8')
  t.equal(
    readFrom('10.0.0.1', '198.51.100.1, 203.0.113.8, 10.0.0.2:4444'),
    '203.0.113.8',
    'a proxy with a port'
  )
  t.equal(readFrom('::1', '[2001:db8::1]:443'), '2001:db8::1')
  t.equal(readFrom('10.0.0.1', '10.0.0.3'), '10.0.0.3', 'all are proxies')
  for (const hidden of ['unknown', '_hidden', '', 'nonsense'])
    t.equal(
      readFrom('10.0.0.1', `198.51.100.1, ${hidden}`),
      '10.0.0.1',
      `"${hidden}": the client wrote the rest`
    )
})

t.test('limits and the log know one client, whatever its port', async (t) => {
  const lines: { msg: string; ip?: string }[] = []
  const logger = { stream: { write: (line: string) => void lines.push(JSON.parse(line)) } }
  const env = { TRUST_PROXY: '127.0.0.1', RATE_LIMIT: 'on', RATE_LIMIT_API: '3/60' }
  const { request } = await startApp(t, { profile: 'alone', env, logger })
  const statuses: number[] = []
  for (let port = 1; port <= 4; port++) {
    const headers = { 'x-forwarded-for': `203.0.113.8:${port}` }
    statuses.push((await request('GET', '/users', { headers })).status)
  }
  t.same(statuses, [200, 200, 200, 429])
  const ips = lines.filter(({ msg }) => msg === 'request').map(({ ip }) => ip)
  t.same([...new Set(ips)], ['203.0.113.0'])
})
