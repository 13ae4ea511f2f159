import { createServer, type RequestListener } from 'node:http'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { listen } from '#testing/listen.ts'
import { isPrivateAddress } from './networks.ts'
import { FetchRefused, type PublicFetchOptions, safeFetch } from './safe-fetch.ts'

/** The server must only fetch public pages, never addresses of a private network. */

const OPTIONS: PublicFetchOptions = { timeoutMs: 10_000, maxBytes: 1_000, maxRedirects: 2, accept: '*/*' }

/** Permits 127.0.0.1, where tests serve, besides public addresses. */
const HERE = { permits: (address: string) => address === '127.0.0.1' || !isPrivateAddress(address) }

async function serve(t: Test, answer: RequestListener) {
  const hosts: (string | undefined)[] = []
  const server = createServer((request, response) => {
    hosts.push(request.headers.host)
    answer(request, response)
  })
  const url = `http://${await listen(t, server)}/`
  return { port: Number(new URL(url).port), hosts, url }
}

const refuses = (t: Test, url: string, message: RegExp, options: Partial<PublicFetchOptions> = {}) =>
  t.rejects(safeFetch(url, { ...OPTIONS, ...options }), { name: 'FetchRefused', message }, url)

t.test('a page is fetched without cookies, credentials and compression', async (t) => {
  const { url } = await serve(t, ({ headers }, response) => {
    response.setHeader('content-type', 'text/plain; charset=utf-8')
    response.end(JSON.stringify(headers))
  })
  const answer = await safeFetch(url, { ...OPTIONS, ...HERE })
  t.match(answer, { url, status: 200, contentType: 'text/plain; charset=utf-8', isCut: false })
  const { host: _host, ...sent } = JSON.parse(answer.body.toString())
  t.same(sent, {
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'Fairlead',
    connection: 'close'
  })
})

t.test('no address within is reached, in no spelling', async (t) => {
  const { port, hosts } = await serve(t, (_request, response) => response.end('secret'))
  for (const host of [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[2002:7f00:1::]',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '[fd00::1]',
    '[fe80::1]',
    '[ff02::1]',
    '[3fff::1]',
    '[64:ff9b:1::808:808]'
  ])
    await refuses(t, `http://${host}:${port}/`, /private network/)
  t.same(hosts, [])
})

t.test('a name with any private address is refused', async (t) => {
  const answers = (...addresses: string[]) => ({
    lookup: async () => addresses.map((address) => ({ address }))
  })
  await refuses(t, 'http://localhost/', /private network/)
  await refuses(t, 'http://inside.example/', /private network/, answers('127.0.0.1'))
  await refuses(t, 'http://inside.example/', /private network/, answers('93.184.216.34', '10.0.0.7'))
  await refuses(
    t,
    'http://inside.example/',
    /private network/,
    answers('2606:4700::1', '::ffff:169.254.169.254')
  )
  await refuses(t, 'http://nowhere.example/', /no address/, answers())
})

t.test('a name is resolved only once', async (t) => {
  const outside = await serve(t, (_request, response) => response.end('outside'))
  let asked = 0
  const lookup = async () => [{ address: asked++ === 0 ? '127.0.0.1' : '169.254.169.254' }]
  const { body } = await safeFetch(`http://rebound.example:${outside.port}/`, {
    ...OPTIONS,
    ...HERE,
    lookup
  })
  t.equal(body.toString(), 'outside')
  t.same([asked, outside.hosts], [1, [`rebound.example:${outside.port}`]])
})

t.test('each redirect is checked like the first URL, and their number is limited', async (t) => {
  const { url } = await serve(t, ({ url: path }, response) => {
    const location = new URLSearchParams(path?.split('?')[1]).get('to')
    response.writeHead(location ? 302 : 200, location ? { location } : {}).end('here')
  })
  const to = (target: string) => `${url}?to=${encodeURIComponent(target)}`
  t.equal((await safeFetch(to(to('/')), { ...OPTIONS, ...HERE })).body.toString(), 'here', 'two hops')
  await refuses(t, to(to(to('/'))), /too many redirects/, HERE)
  for (const target of ['http://169.254.169.254/latest/meta-data', 'http://[::1]/', '//127.0.0.2/'])
    await refuses(t, to(target), /private network/, HERE)
  const lookup = async () => [{ address: '10.0.0.1' }]
  await refuses(t, to('http://inside.example/'), /private network/, { ...HERE, lookup })
  await refuses(t, to('file:///etc/passwd'), /no http or https/, HERE)
  await refuses(t, to('https://user:pass@example.com/'), /credentials/, HERE)
  await refuses(t, to('http://'), /leads nowhere/, HERE)
})

t.test('only http and https are fetched, and no credentials are sent', async (t) => {
  for (const url of ['ftp://example.com/', 'file:///etc/passwd', 'gopher://example.com/', 'not a url', '//x'])
    await refuses(t, url, /no http or https/)
  await refuses(t, 'http://user@example.com/', /credentials/)
})

t.test('a body without end is cut, one that never comes is not waited for', async (t) => {
  const closed = Promise.withResolvers<void>()
  const endless = await serve(t, (_request, response) => {
    const more = () => {
      while (response.writable && response.write(Buffer.alloc(10_000, 'x')));
    }
    response.on('drain', more)
    response.on('close', closed.resolve)
    more()
  })
  const answer = await safeFetch(endless.url, { ...OPTIONS, ...HERE })
  t.match([answer.body.length, answer.isCut], [1_000, true])
  await closed.promise

  const slow = await serve(t, (_request, response) => {
    const timer = setInterval(() => response.write('x'), 10)
    response.on('close', () => clearInterval(timer))
  })
  await refuses(t, slow.url, /too long/, { ...HERE, timeoutMs: 200 })
  const silent = await serve(t, () => undefined)
  await refuses(t, silent.url, /too long/, { ...HERE, timeoutMs: 100 })
  await refuses(t, 'http://slow.example/', /too long/, {
    timeoutMs: 50,
    lookup: () => new Promise(() => undefined)
  })
})

t.test('a compressed response is refused', async (t) => {
  const bomb = gzipSync(Buffer.alloc(10_000_000))
  const { url } = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
  })
  await refuses(t, url, /packed/, HERE)
})

t.test('network errors become FetchRefused', async (t) => {
  const { url } = await serve(t, ({ socket }) => socket.destroy())
  await t.rejects(safeFetch(url, { ...OPTIONS, ...HERE }), FetchRefused)
  const huge = await serve(t, (_request, response) => {
    response.writeHead(200, { 'x-filler': 'x'.repeat(20_000) }).end()
  })
  await t.rejects(safeFetch(huge.url, { ...OPTIONS, ...HERE }), FetchRefused)
})
