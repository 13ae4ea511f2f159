import type { Page } from 'playwright-core'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { until } from '#testing/until.ts'

/** What a page requests at its begin, and while another one comes. */

const ADMIN = `fl_${'0'.repeat(16)}_${'A'.repeat(43)}`
const LIST = '/urls?sort=-id&count=true'

/** Opens or reloads the page by `load`. Returns its requests for data before the application, and all. */
async function recordRequests(page: Page, load: () => Promise<unknown>, early: number) {
  const paths: string[] = []
  page.on('request', (request) => {
    if (request.resourceType() === 'fetch') paths.push(request.url().replace(/^\w+:..[^/]+/, ''))
  })
  const gate = Promise.withResolvers<void>()
  await page.route('**/assets/main-*.js', async (route) => {
    await gate.promise
    await route.continue()
  })
  await load()
  await until(async () => paths.length === early)
  const before = paths.toSorted()
  gate.resolve()
  return { before, paths }
}

t.test(
  'the list is requested once, with the session, before the application runs',
  browserTest,
  async (t) => {
    const { url, request } = await startApp(t)
    await request('POST', '/urls', { json: { original_url: 'https://example.com/', title: 'findable' } })
    const browser = await openBrowser(t)
    for (const [path, wanted] of [
      ['/dashboard', ['/session', LIST]],
      ['/dashboard?q=findable', ['/session']],
      ['/dashboard/links/1', ['/session']]
    ] as const) {
      const { page, complaints } = await openPage(browser, url)
      const load = () => page.goto(path, { waitUntil: 'commit' })
      const { before, paths } = await recordRequests(page, load, wanted.length)
      t.same(before, wanted, path)
      await page.getByText('findable').first().waitFor()
      t.same(paths, [...new Set(paths)], 'nothing is requested twice')
      t.same(complaints, [])
    }
  }
)

t.test('the list is not requested before a sign-in, nor shown from before it', browserTest, async (t) => {
  const { url, request } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: ADMIN } })
  const headers = { authorization: `Bearer ${ADMIN}` }
  await request('POST', '/urls', { headers, json: { original_url: 'https://example.com/' } })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /401/ })
  const signIn = async () => {
    await page.getByLabel('API key').fill(ADMIN)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('1 link', { exact: true }).waitFor()
  }
  const first = await recordRequests(page, () => page.goto('/dashboard', { waitUntil: 'commit' }), 1)
  await page.getByLabel('API key').waitFor()
  t.same(first.paths, ['/session'])
  await signIn()
  const reload = () => page.reload({ waitUntil: 'commit' })
  t.same((await recordRequests(page, reload, 2)).before, ['/session', LIST])
  await page.getByText('1 link', { exact: true }).waitFor()
  // The session ends elsewhere, so the early list is refused too.
  await page.context().clearCookies()
  t.same((await recordRequests(page, reload, 2)).before, ['/session', LIST])
  await page.getByLabel('API key').waitFor()
  t.same((await recordRequests(page, reload, 1)).before, ['/session'])
  await signIn()
  t.same(complaints, [])
})

t.test('a filtered list stays as it is until the next page is there', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/', title: 'findable' } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  const lists: string[] = []
  page.on('request', (sent) => {
    if (new URL(sent.url()).pathname === '/urls') lists.push(sent.url())
  })
  await page.goto('/dashboard?q=findable')
  await page.getByText('1 link', { exact: true }).waitFor()
  await page.locator('.is-links tbody a').first().click()
  await page.locator('.is-events tbody tr').first().waitFor()
  t.equal(lists.length, 1, lists.join(' '))
  t.same(complaints, [])
})

t.test('links that were created after the server counted are counted', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  for (const path of ['a', 'b'])
    await request('POST', '/urls', { json: { original_url: `https://example.com/${path}` } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.route('**/urls?*', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, headers: { ...response.headers(), 'x-total-count': '0' } })
  })
  await page.goto('/dashboard')
  await page.getByText('example.com/b', { exact: true }).waitFor()
  await page.getByText('2 links', { exact: true }).waitFor()
  t.same(complaints, [])
})
