import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'

/** What a page requests while another one comes. */

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
