import t from 'tap'
import { canonicalHost } from '#platform/net/networks.ts'
import { startApp } from '#testing/app.ts'

/**
 * Every spelling of a host is the same host: for the block list, private targets and links back to this
 * server.
 */

const SPELLINGS: Record<string, string[]> = {
  '1.2.3.4': [
    '1.2.3.4',
    '1.2.3.4.',
    '0x01020304',
    '16909060',
    '1.2.772',
    '0001.02.03.04',
    '[::ffff:1.2.3.4]',
    '[::FFFF:0102:0304]',
    '[0:0:0:0:0:ffff:102:304]',
    '[::1.2.3.4]',
    '[::ffff:0:1.2.3.4]',
    '[64:ff9b::1.2.3.4]',
    '[2002:102:304::1]'
  ],
  '127.1.0.0': ['[2002:7f01::]', '[::ffff:127.1.0.0]', '127.65536'],
  '[2001:db8::1]': ['[2001:db8::1]', '[2001:DB8:0:0::0001]'],
  'example.com': [
    'example.com',
    'EXAMPLE.com',
    'example.com.',
    'example.com..',
    'ex%61mple.com',
    'ｅxample。com'
  ],
  'xn--bcher-kva.example': [
    'bücher.example',
    'BÜCHER.example.',
    'xn--bcher-kva.example',
    'bu\u0308cher.example'
  ]
}
const pairs = Object.entries(SPELLINGS).flatMap(([host, all]) => all.map((spelt) => [host, spelt] as const))

t.test('a host has one spelling, in http and in other schemes', async (t) => {
  for (const [host, spelt] of pairs) {
    t.equal(canonicalHost(new URL(`http://${spelt}/a`)), host, spelt)
    t.equal(canonicalHost(new URL(`acme-app://${spelt}/a`)), host, `acme-app: ${spelt}`)
  }
  for (const address of ['[::]', '[::1]', '[2606:4700::1111]', '[64:ff9b:1::102:304]'])
    t.equal(canonicalHost(new URL(`http://${address}/`)), address, 'stands for no IPv4 address')
  t.equal(canonicalHost(new URL('mailto:you@example.com')), '')
})

t.test('a blocked host is blocked in each spelling, whichever one the list has', async (t) => {
  const { request } = await startApp(t)
  for (const [host, all] of Object.entries(SPELLINGS)) {
    for (const blocked of [all[0] ?? '', all.at(-1) ?? '']) {
      const listed = await request('POST', '/blocked-hosts', { json: { host: blocked } })
      t.match(listed, { status: 201, json: { host } }, blocked)
      for (const spelt of all) {
        const answer = await request('POST', '/shorten', { json: { url: `https://${spelt}/a` } })
        t.match(
          answer,
          { status: 422, json: { code: 'URL_TARGET_REFUSED' } },
          `${spelt} while ${blocked} is blocked`
        )
      }
      t.equal((await request('DELETE', `/blocked-hosts/${encodeURIComponent(blocked)}`)).status, 204)
    }
  }
})

t.test('this server is recognised in each spelling', async (t) => {
  for (const [host, all] of Object.entries(SPELLINGS)) {
    const { request, close } = await startApp(t, {
      profile: 'alone',
      env: { PUBLIC_URL: `https://${all.at(-1)}:8443` }
    })
    for (const spelt of all) {
      const answer = await request('POST', '/shorten', { json: { url: `http://${spelt}:8443/a` } })
      t.match(
        answer,
        { status: 422, json: { errors: [{ message: 'leads back here' }] } },
        `${spelt} is ${host}`
      )
    }
    await close()
  }
})

t.test('without PUBLIC_URL the request has the address of this server', async (t) => {
  const { request, url, app } = await startApp(t, { profile: 'alone' })
  const here = { status: 422, json: { errors: [{ message: 'leads back here' }] } }
  const { port } = new URL(url)
  for (const target of [url, `${url}/abc`, `https://127.1:${port}/`, `http://[::ffff:127.0.0.1]:${port}/x`]) {
    t.match(await request('POST', '/urls', { json: { original_url: target } }), here, target)
    t.match(await request('POST', '/shorten', { json: { url: target } }), here, target)
  }
  t.equal((await request('POST', '/urls', { json: { original_url: 'http://127.0.0.1:1/' } })).status, 201)
  const named = (original_url: string) =>
    app.inject({ method: 'POST', url: '/urls', headers: { host: 'GO.acme.dev.' }, payload: { original_url } })
  t.equal((await named('https://go.acme.dev/abc')).statusCode, 422)
  t.equal((await named('https://acme.dev/abc')).statusCode, 201)

  const { json } = await request('POST', '/urls', { json: { original_url: 'https://example.com' } })
  t.match(await request('PUT', `/urls/${json.id}`, { json: { original_url: url } }), here)
  const times = { created_at: '2025-06-04 00:07:00', updated_at: '2025-06-04 00:07:00' }
  const row = {
    id: 77,
    user_id: null,
    short_code: 'loop',
    original_url: `${url}/a`,
    title: '',
    is_active: true
  }
  await request('POST', '/urls/bulk', { json: [{ ...row, ...times }] })
  const kept = await request('PUT', '/urls/77', { json: { original_url: `${url}/a`, title: 'A' } })
  t.equal(kept.status, 200, 'one that was imported and stays is not judged')
})

t.test('a URL whose host depends on the parser is no target', async (t) => {
  const { request } = await startApp(t, { profile: 'alone' })
  for (const url of [
    'http://good\\@blocked/',
    'http://good\\.blocked/',
    'http://\\blocked/',
    'https://good:80\\@blocked/',
    'https:///blocked/',
    'http:////blocked/',
    'http://'
  ])
    t.match(
      await request('POST', '/shorten', { json: { url } }),
      { status: 422, json: { code: 'INPUT_INVALID' } },
      url
    )
  for (const url of ['http://good/\\@blocked', 'http://good/?a=\\', 'http://good?\\@blocked'])
    t.equal((await request('POST', '/shorten', { json: { url } })).status, 201, url)
})
