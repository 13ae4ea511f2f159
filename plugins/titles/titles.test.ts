import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { buildApp } from '#apps/app.ts'
import { readConfig } from '#apps/config.ts'
import { createClient, storageOf } from '#testing/app.ts'
import { readTitle } from './title.ts'

/** Titles of pages, fetched for links that were created without one. */

/** An app that takes 127.0.0.1 for the public internet, and a site there that counts who asks. */
async function start(t: Test, page: string, type = 'text/html; charset=utf-8') {
  let asked = 0
  const site = createServer((_request, response) => {
    asked++
    response.writeHead(200, { 'content-type': type }).end(page)
  })
  await new Promise<void>((done) => site.listen(0, '127.0.0.1', done))
  t.teardown(() => site.close())
  const config = readConfig({ TITLE_FETCH: 'on', LINGER_MS: '100', ...(await storageOf(t, 'alone')) })
  const network = { permits: (address: string) => address === '127.0.0.1' }
  const app = await buildApp({ ...config, titles: { ...config.titles, network } })
  t.teardown(() => app.close())
  const request = createClient(await app.listen({ host: '127.0.0.1', port: 0 }))
  const target = `http://127.0.0.1:${(site.address() as AddressInfo).port}/page`
  /** Resolves when so many pages have been dealt with. */
  async function settled(count: number) {
    for (let attempt = 0; attempt < 1_000; attempt++) {
      const { text } = await request('GET', '/metrics')
      const outcomes = [...text.matchAll(/^fairlead_titles_total\{outcome="(\w+)"\} (\d+)$/gm)]
      if (outcomes.reduce((sum, [, , value]) => sum + Number(value), 0) === count)
        return Object.fromEntries(outcomes.map(([, outcome, value]) => [outcome, Number(value)]))
      await wait(10)
    }
    throw new Error('it never came to be')
  }
  return { request, target, settled, asked: () => asked }
}

t.test('a link without a title gets that of its page, as text, and it is said who did it', async (t) => {
  const { request, target, settled, asked } = await start(t, '<head><TITLE>\n Ada &amp; <b>\u202eme </TITLE>')
  const made = await request('POST', '/urls', { json: { original_url: target } })
  t.match(made, { status: 201, json: { title: null } }, 'the answer waits for nobody')
  t.same(await settled(1), { added: 1 })
  const { id } = made.json
  t.equal((await request('GET', `/urls/${id}`)).json.title, 'Ada & <b> me')
  t.match((await request('GET', `/events?url_id=${id}&event_type=updated`)).json, [
    { details: { field: 'title', new_value: 'Ada & <b> me' } }
  ])
  const { json } = await request('GET', `/audit?resource=url&resource_id=${id}&action=updated`)
  t.match(json, [{ actor: { kind: 'system', name: 'title of the page' } }])

  await request('POST', '/urls', { json: { original_url: target, title: 'My own' } })
  await request('POST', '/shorten', { json: { url: 'http://10.0.0.1/' } })
  t.same(
    await settled(2),
    { added: 1, failed: 1 },
    'a private network is not asked, nor for what has a title'
  )
  t.equal(asked(), 1)
})

t.test('what is no page gives no title', async (t) => {
  const { request, target, settled } = await start(t, '<title>no</title>', 'application/json')
  await request('POST', '/shorten', { json: { url: target } })
  t.same(await settled(1), { none: 1 })
  t.match((await request('GET', '/urls')).json, [{ title: null }])
})

t.test('titles are read from whatever a page is', async (t) => {
  const read = (page: string, type = 'text/html') => readTitle(Buffer.from(page), type)
  t.equal(read('<title>a\u0000b\r\n c\u2028d</title>'), 'a b c d')
  t.equal(
    read('<svg><titles>x</titles><title lang="en">A &lt;script&gt; &#8364; &#x1F600; &bogus;</title>'),
    'A <script> € 😀 &bogus;'
  )
  t.equal(
    readTitle(
      Buffer.from([...Buffer.from('<title>'), 0xe9, ...Buffer.from('</title>')]),
      'text/html; charset=ISO-8859-1'
    ),
    'é'
  )
  t.equal(read('<title>x</title>', 'text/html; charset=none-such'), 'x')
  for (const page of [
    '',
    '<title>',
    '<title>never ends',
    '<title></title>',
    '<p>title</p>',
    '<title'.repeat(10_000)
  ])
    t.equal(read(page), null, page.slice(0, 40))
  const long = read(`<title>${'é😀'.repeat(1_000)}</title>`)
  t.ok(long !== null && long.length <= 512 && long.isWellFormed() && long.endsWith('…'))
  t.equal(read('<title>&#xD800;&#0;x</title>')?.isWellFormed(), true, 'half characters are none')
})
