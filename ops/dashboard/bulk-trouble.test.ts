import type { Page } from 'playwright-core'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { makeRow } from '#testing/import-rows.ts'
import { until } from '#testing/until.ts'

/** Changes of many links that something interrupts, in a real browser. */

const bar = (page: Page) => page.getByRole('region', { name: 'Selection' })

async function open(t: Parameters<typeof openBrowser>[0], count: number, expects?: RegExp) {
  const { url, request } = await startApp(t, { env: { RATE_LIMIT: 'off' } })
  const json = Array.from({ length: count }, (_, index) => makeRow('urls', index + 1))
  t.match((await request('POST', '/urls/bulk', { json })).json, { imported: count })
  const { page, complaints } = await openPage(await openBrowser(t), url, { ...(expects && { expects }) })
  await page.goto('/dashboard')
  await page.getByRole('checkbox', { name: 'Select all links shown' }).check()
  const countLinks = async () => (await request('GET', '/urls?per_page=1')).headers.get('x-total-count')
  return { page, complaints, countLinks }
}

async function remove(page: Page) {
  await bar(page).getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
}

t.test('an undo that breaks off can be repeated', browserTest, async (t) => {
  const { page, complaints, countLinks } = await open(t, 20, /ERR_/)
  await remove(page)
  await page.getByText('20 links deleted').waitFor()
  t.equal(await countLinks(), '0')
  let sent = 0
  await page.route('**/restore', (route) => (++sent > 8 ? route.abort() : route.continue()))
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('12 links were refused').waitFor()
  t.equal(await countLinks(), '8')
  await page.unroute('**/restore')
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('12 links are back').waitFor()
  t.equal(await countLinks(), '20')
  t.same(complaints, [])
})

t.test('an undo shows how far it is, and leaving the page meanwhile asks first', browserTest, async (t) => {
  const { page, complaints, countLinks } = await open(t, 20)
  await remove(page)
  const gate = Promise.withResolvers<void>()
  let sent = 0
  await page.route('**/restore', async (route) => {
    if (++sent > 8) await gate.promise
    await route.continue()
  })
  const asked: string[] = []
  page.on('dialog', (dialog) => {
    asked.push(dialog.type())
    void dialog.dismiss()
  })
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('8 of 20').waitFor()
  await page.evaluate('location.reload()')
  await until(async () => asked.length === 1)
  t.same(asked, ['beforeunload'])
  gate.resolve()
  await page.getByText('20 links are back').waitFor()
  t.equal(await page.getByText('8 of 20').count(), 0)
  await page.reload()
  await page.getByText('20 links', { exact: true }).waitFor()
  t.equal(await countLinks(), '20')
  t.same(asked, ['beforeunload'], 'afterwards nothing asks')
  t.same(complaints, [])
})

t.test('a change that the server limits waits as long as it says, and goes on', browserTest, async (t) => {
  const { page, complaints, countLinks } = await open(t, 1_100, /429/)
  await bar(page)
    .getByRole('button', { name: /^Select all 1/ })
    .click()
  await bar(page).getByText('1,100 selected').waitFor()
  const sentAt: number[] = []
  await page.route('**/api/links/bulk', (route) => {
    sentAt.push(performance.now())
    if (sentAt.length !== 2) return route.continue()
    const json = { code: 'RATE_LIMITED', status: 429, title: 'x', detail: 'Too many requests' }
    return route.fulfill({ status: 429, headers: { 'retry-after': '2' }, json })
  })
  await remove(page)
  await page.getByText('1,100 links deleted').waitFor()
  t.equal(await countLinks(), '0')
  const [, refused = 0, repeated = 0] = sentAt
  t.equal(sentAt.length, 3)
  t.ok(repeated - refused >= 2_000, `repeated after ${repeated - refused} ms`)
  t.same(complaints, [])
})

t.test('after all links shown are deleted, the list shows the next ones', browserTest, async (t) => {
  const { page, complaints } = await open(t, 220)
  // One page of the list, or two if it has grown by now.
  const count = Number.parseInt(await bar(page).getByRole('status').innerText(), 10)
  t.ok([50, 100].includes(count), `${count} links`)
  await remove(page)
  await page.getByText(`${count} links deleted`).waitFor()
  await page.getByText(`${220 - count} links`, { exact: true }).waitFor()
  await page.getByRole('row').nth(40).waitFor()
  t.same(complaints, [])
})

t.test('links that were deleted before the list reads them are not counted', browserTest, async (t) => {
  const { page, complaints, countLinks } = await open(t, 2_300)
  await bar(page)
    .getByRole('button', { name: /^Select all 2/ })
    .click()
  await bar(page).getByText('2,300 selected').waitFor()
  await remove(page)
  await page.getByText('2,300 links deleted').waitFor()
  t.equal(await countLinks(), '0')
  await page.getByText('0 links', { exact: true }).waitFor()
  await page.getByText('No links yet').waitFor()
  t.same(complaints, [])
})

t.test('a list is read again after a change whose answer was lost', browserTest, async (t) => {
  const { page, countLinks } = await open(t, 5, /ERR_/)
  await page.route('**/api/links/bulk', async (route) => {
    await route.fetch()
    await route.abort()
  })
  await remove(page)
  await page.getByRole('heading', { name: '5 links were refused' }).waitFor()
  await page.getByText('No links yet').waitFor()
  t.equal(await countLinks(), '0')
})

t.test('a link that was deleted elsewhere leaves the list when it is deleted', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { json: link } = await request('POST', '/urls', { json: { original_url: 'https://example.com/' } })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /404/ })
  await page.goto('/dashboard')
  await page.getByRole('link', { name: link.short_code }).waitFor()
  await request('DELETE', `/urls/${link.id}`)
  await page.getByRole('button', { name: `Delete ${link.short_code}` }).click()
  await page.getByText(`${link.short_code} was deleted before`).waitFor()
  await page.getByText('No links yet').waitFor()
  t.same(complaints, [])
})

t.test('an open link in another tab follows a change of many links', browserTest, async (t) => {
  const { page, complaints } = await open(t, 3)
  const other = await page.context().newPage()
  const missing: string[] = []
  other.on('response', (answer) => {
    if (answer.status() === 404) missing.push(answer.url())
  })
  await other.goto('/dashboard/links/2')
  await other.getByText('Active', { exact: true }).waitFor()
  const press = async (name: string) => {
    await page.bringToFront()
    await page.getByRole('button', { name, exact: true }).last().click()
    await other.bringToFront()
  }
  await press('Deactivate')
  await other.getByText('Inactive', { exact: true }).waitFor()
  await press('Delete')
  await page.bringToFront()
  await press('Delete')
  await other.getByRole('alert').waitFor()
  await other.locator('.link-head').waitFor({ state: 'detached' })
  t.equal(missing.length, 1, 'the link is read once')
  await press('Undo')
  await other.locator('.link-head').waitFor()
  await other.getByRole('alert').waitFor({ state: 'detached' })
  t.same(complaints, [])
})
