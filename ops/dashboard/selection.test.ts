import { readFile } from 'node:fs/promises'
import type { Download, Page } from 'playwright-core'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { makeRow } from '#testing/import-rows.ts'
import { until } from '#testing/until.ts'

/** Selection, columns, sorts and filters of the list of links, in a real browser. */

const ADMIN = `fl_${'0'.repeat(16)}_${'A'.repeat(43)}`

type Request = Awaited<ReturnType<typeof startApp>>['request']

async function create(request: Request, count: number, fields: object = {}): Promise<void> {
  for (let index = 1; index <= count; index++)
    await request('POST', '/urls', {
      json: { original_url: `https://example.com/${index}`, short_code: `code-${index}`, ...fields }
    })
}

const select = (page: Page, code: string) =>
  page.getByRole('checkbox', { name: `Select ${code}`, exact: true })
const bar = (page: Page) => page.getByRole('region', { name: 'Selection' })
const press = (page: Page, name: string) => bar(page).getByRole('button', { name, exact: true }).click()
const readDownload = async (download: Download) => readFile(await download.path(), 'utf8')

async function isActive(request: Request): Promise<Record<string, boolean>> {
  const { json } = await request('GET', '/urls')
  return Object.fromEntries(
    json.map((url: { short_code: string; is_active: boolean }) => [url.short_code, url.is_active])
  )
}

t.test('a selection lasts while filters change; changes of it can be undone', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await create(request, 4)
  await request('PUT', '/urls/2', { json: { is_active: false } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard')
  await select(page, 'code-1').check()
  await page.getByRole('radio', { name: 'Inactive' }).check()
  await page.waitForURL(/status=inactive/)
  await select(page, 'code-1').waitFor({ state: 'detached' })
  await select(page, 'code-2').check()
  await bar(page).getByText('2 selected').waitFor()
  await press(page, 'Deactivate')
  await page.getByText('2 links deactivated').waitFor()
  t.same(await isActive(request), { 'code-1': false, 'code-2': false, 'code-3': true, 'code-4': true })
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('1 link is as before').waitFor()
  t.same(await isActive(request), { 'code-1': true, 'code-2': false, 'code-3': true, 'code-4': true })

  await page.getByRole('radio', { name: 'All' }).check()
  await select(page, 'code-4').waitFor()
  t.ok(await select(page, 'code-1').isChecked())
  await press(page, 'Delete')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByText('2 links deleted').waitFor()
  await bar(page).waitFor({ state: 'detached' })
  t.same(Object.keys(await isActive(request)), ['code-3', 'code-4'])
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('2 links are back').waitFor()
  await select(page, 'code-1').waitFor()
  t.same(Object.keys(await isActive(request)), ['code-1', 'code-2', 'code-3', 'code-4'])
  t.same(complaints, [])
})

t.test('links that the server refuses are named, and shown as they are', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await create(request, 3)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard')
  await page.getByRole('checkbox', { name: 'Select all links shown' }).check()
  await request('DELETE', '/urls/2')
  await press(page, 'Deactivate')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('heading', { name: '1 link was refused' }).waitFor()
  await dialog.getByRole('row', { name: /code-2 .+/ }).waitFor()
  await dialog.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('2 links are as before').waitFor()
  t.same(await isActive(request), { 'code-1': true, 'code-3': true })

  await page.route('**/api/links/bulk', (route) => route.abort())
  await press(page, 'Delete')
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await dialog.getByRole('heading', { name: '3 links were refused' }).waitFor()
  await page.keyboard.press('Escape')
  await select(page, 'code-3').waitFor()
  t.same(
    complaints.filter((text) => !text.includes('ERR_FAILED')),
    []
  )
})

t.test('all links that match are selected by cursor, changed and exported', browserTest, async (t) => {
  const { url, request } = await startApp(t, { env: { RATE_LIMIT: 'off' } })
  const rows = Array.from({ length: 1_120 }, (_, index) => makeRow('urls', index + 1))
  rows[0] = { ...rows[0], title: '=HYPERLINK("x"), "y"' }
  t.match((await request('POST', '/urls/bulk', { json: rows })).json, { imported: 1_120 })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard')
  const boxes = page.getByRole('checkbox', { name: /^Select / })
  await boxes.nth(1).waitFor()
  const shown = await boxes.count()
  await page.getByRole('checkbox', { name: 'Select all links shown' }).check()
  // The list grows: it shows more than is selected now.
  await page.getByRole('row').last().scrollIntoViewIfNeeded()
  await until(async () => (await boxes.count()) > shown)
  await press(page, 'Select all 1,120')
  await bar(page).getByText('1,120 selected').waitFor()
  const sent: number[] = []
  page.on('request', (one) => {
    if (one.url().endsWith('/api/links/bulk')) sent.push(JSON.parse(one.postData() ?? '').items.length)
  })
  await press(page, 'Deactivate')
  await page.getByText('1,120 links deactivated').waitFor()
  t.same(sent, [1_000, 120])
  t.notOk(Object.values(await isActive(request)).includes(true))

  let saving = page.waitForEvent('download')
  await press(page, 'JSON')
  const json = JSON.parse(await readDownload(await saving))
  t.equal(json.length, 1_120)
  const { warnings, ...first } = (await request('GET', '/urls/1')).json
  t.same(
    json.find(({ id }: { id: number }) => id === 1),
    first
  )
  saving = page.waitForEvent('download')
  await press(page, 'CSV')
  const download = await saving
  t.match(download.suggestedFilename(), /^links-\d{4}-\d\d-\d\d\.csv$/)
  const csv = await readDownload(download)
  t.match(csv, /,"'=HYPERLINK\(""x""\), ""y""",False,/)

  // An import of another server reads the file, and removes the apostrophe.
  const other = await startApp(t)
  const headers = { 'content-type': 'text/csv' }
  t.match((await other.request('POST', '/urls/bulk', { body: csv, headers })).json, { imported: 1_120 })
  const { json: found } = await other.request('GET', '/urls?q=HYPERLINK')
  t.match(found, [{ id: 1, title: '=HYPERLINK("x"), "y"', is_active: false }])
  t.same(complaints, [])
})

t.test('heads sort, columns and filters are in the address', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await create(request, 2, { title: 'Zebra', note: 'For print' })
  await request('POST', '/urls', { json: { original_url: 'https://example.com/3', title: 'ant' } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard?columns=title,note,id')
  const ids = () => page.locator('.is-links tbody .col-id').allInnerTexts()
  await page.getByRole('cell', { name: 'For print' }).first().waitFor()
  t.same(await ids(), ['3', '2', '1'])
  const head = page.getByRole('columnheader', { name: 'Title' })
  await head.getByRole('button').click()
  await page.waitForURL(/sort=title/)
  await page.locator('.is-links tbody tr:nth-child(1) .col-id').getByText('3').waitFor()
  await page.locator('.is-links tbody tr:nth-child(2) .col-id').getByText('1').waitFor()
  t.equal(await head.getAttribute('aria-sort'), 'ascending')

  await page.getByRole('button', { name: 'View' }).click()
  await page.getByRole('checkbox', { name: 'Expires' }).check()
  await page.waitForURL(/columns=title%2Cexpires%2Cnote%2Cid/)
  await page.getByLabel('Order').selectOption({ label: 'Title, descending' })
  await page.waitForURL(/sort=-title/)
  await page.keyboard.press('Escape')
  await page.getByLabel('Order').waitFor({ state: 'detached' })

  await page.getByRole('button', { name: 'Filters' }).click()
  await page.getByLabel('Exact code').fill('code-2')
  await page.getByLabel('Created from').fill('2020-01-01')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.waitForURL(/short_code=code-2&created_from=2020-01-01/)
  await page.getByText('1 link', { exact: true }).waitFor()
  await page.getByRole('button', { name: /^Remove the filter: ?Exact code ?code-2$/ }).click()
  await page.getByText('3 links', { exact: true }).waitFor()
  await page.reload()
  await page.getByRole('button', { name: 'Filters 1' }).waitFor()
  t.equal(await head.getAttribute('aria-sort'), 'descending')
  t.same(complaints, [])
})

t.test('a role that may not write selects and edits nothing', browserTest, async (t) => {
  const { url, request } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: ADMIN } })
  const headers = { authorization: `Bearer ${ADMIN}` }
  await request('POST', '/users', { headers, json: { username: 'ada', email: 'ada@example.com' } })
  await request('POST', '/urls', { headers, json: { original_url: 'https://example.com/', user_id: 1 } })
  const json = { name: 'reader', role: 'read-only', user_id: 1 }
  const { json: key } = await request('POST', '/keys', { headers, json })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /401/ })
  await page.goto('/dashboard')
  await page.getByLabel('API key').fill(key.key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('table').waitFor()
  t.equal(await page.getByRole('checkbox').count(), 0)
  t.equal(await page.getByRole('button', { name: /edit/i }).count(), 0)
  t.same(complaints, [])
})
