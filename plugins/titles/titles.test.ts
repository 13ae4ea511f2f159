import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { buildApp } from '#apps/app.ts'
import { readConfig } from '#apps/config.ts'
import { createClient, startApp, storageOf } from '#testing/app.ts'
import { listen } from '#testing/listen.ts'
import { startServer } from '#testing/process.ts'
import { until } from '#testing/until.ts'
import { readTitle } from './title.ts'

/** Titles of pages, fetched for links created without one. */

/** A site that answers every request with `page` and counts the requests. */
async function startSite(t: Test, page: string, type = 'text/html; charset=utf-8') {
  let asked = 0
  const site = createServer((_request, response) => {
    asked++
    response.writeHead(200, { 'content-type': type }).end(page)
  })
  const target = `http://${await listen(t, site)}/page`
  return { target, asked: () => asked }
}

/** An app that treats 127.0.0.1 as a public address. */
async function startFetcher(t: Test, storage?: Record<string, string>) {
  const settings = { TITLE_FETCH: 'on', LINGER_MS: '100', ...(storage ?? (await storageOf(t, 'alone'))) }
  const config = readConfig(settings)
  const network = { permits: (address: string) => address === '127.0.0.1' }
  const app = await buildApp({ ...config, titles: { ...config.titles, network } })
  t.teardown(() => app.close())
  const request = createClient(await app.listen({ host: '127.0.0.1', port: 0 }))
  /** Resolves with the outcomes of `count` pages. */
  async function settled(count: number) {
    const outcomes = await until(
      async () => {
        const { text } = await request('GET', '/metrics')
        return [...text.matchAll(/^fairlead_titles_total\{outcome="(\w+)"\} (\d+)$/gm)]
      },
      (outcomes) => outcomes.reduce((sum, [, , value]) => sum + Number(value), 0) === count
    )
    return Object.fromEntries(outcomes.map(([, outcome, value]) => [outcome, Number(value)]))
  }
  return { app, request, settled }
}

async function start(t: Test, page: string, type?: string) {
  return { ...(await startSite(t, page, type)), ...(await startFetcher(t)) }
}

t.test('a link without a title gets that of its page, as text, with an audit entry', async (t) => {
  const { request, target, settled, asked } = await start(t, '<head><TITLE>\n Ada &amp; <b>\u202eme </TITLE>')
  const made = await request('POST', '/urls', { json: { original_url: target } })
  t.match(made, { status: 201, json: { title: null } }, 'the response does not wait for the title')
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

t.test('only HTML pages have titles', async (t) => {
  const { request, target, settled } = await start(t, '<title>no</title>', 'application/json')
  await request('POST', '/shorten', { json: { url: target } })
  t.same(await settled(1), { none: 1 })
  t.match((await request('GET', '/urls')).json, [{ title: null }])
})

/**
 * Kills the process by SIGKILL after a message of the outbox is committed and before the process claims it.
 */
const KILL_BEFORE_DISPATCH = `
import { createRequire } from 'node:module'
const { Client } = createRequire(process.cwd() + '/')('pg')
const { query } = Client.prototype
let [isAdded, isCommitted] = [false, false]
Client.prototype.query = function (...args) {
  const text = args[0]?.text ?? String(args[0])
  if (isCommitted && text.includes('for update skip locked')) process.kill(process.pid, 'SIGKILL')
  const result = query.apply(this, args)
  if (text.includes('insert into "outbox"')) isAdded = true
  if (text === 'COMMIT' && isAdded) result.then(() => { isCommitted = true })
  return result
}
`

t.test('a server killed after the commit leaves the title to the next one', async (t) => {
  const storage = await storageOf(t, 'alone')
  const { target, asked } = await startSite(t, '<title>After all</title>')
  const server = await startServer(t, { ...storage, TITLE_FETCH: 'on' }, { inject: KILL_BEFORE_DISPATCH })
  await server.request('POST', '/urls', { json: { original_url: target } }).catch(() => null)
  t.match(await server.exited, { signal: 'SIGKILL' })
  t.equal(asked(), 0)
  const { request, settled } = await startFetcher(t, storage)
  t.same(await settled(1), { added: 1 })
  t.match((await request('GET', '/urls')).json, [{ title: 'After all' }])
})

t.test('the outbox gets no message while titles are off, or for imported links', async (t) => {
  const { target } = await startSite(t, '<title>Unwanted</title>')
  const storage = await storageOf(t, 'alone')
  const { app: off, request } = await startApp(t, { storage })
  await request('POST', '/urls', { json: { original_url: target } })
  const { request: requestOn } = await startFetcher(t, storage)
  const body = `original_url,short_code\n${target},imported\n`
  const headers = { 'content-type': 'text/csv' }
  t.equal((await requestOn('POST', '/urls/bulk', { body, headers })).status, 201)
  t.same((await off.database.pool.query('SELECT topic FROM outbox')).rows, [])
  t.match((await request('GET', '/urls')).json, [{ title: null }, { title: null }])
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
