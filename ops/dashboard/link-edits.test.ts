import { sql } from 'drizzle-orm'
import type { Page } from 'playwright-core'
import t from 'tap'
import { en } from '#apps/dashboard/text/en.ts'
import { UrlChange } from '#schema/shapes/url.ts'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { until } from '#testing/until.ts'

/** Edits of links beside other edits, failures and odd values, in a real browser. */

const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).click()

t.test('the editor never saves over a version that it has not read', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/', title: 'First' } })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /412|ERR_FAILED/ })
  await page.goto('/dashboard')
  await page.getByRole('button', { name: /^Edit/ }).waitFor()
  let reads = 0
  await page.route('**/urls/1', (route) =>
    route.request().method() === 'GET' && ++reads <= 3 ? route.abort() : route.fallback()
  )
  await request('PUT', '/urls/1', { json: { title: 'Theirs' } })
  await page.getByRole('button', { name: /^Edit/ }).click()
  await page.getByLabel('Title').fill('Mine')
  await save(page)
  await page.getByRole('heading', { name: 'The link changed meanwhile' }).waitFor()
  await page
    .getByRole('dialog')
    .getByRole('row', { name: /Title Mine Theirs/ })
    .waitFor()
  t.match((await request('GET', '/urls/1')).json, { title: 'Theirs' })
  await page.getByRole('button', { name: 'Save yours' }).click()
  await page.getByText('Changes saved').waitFor()
  t.match((await request('GET', '/urls/1')).json, { title: 'Mine' })
  t.same(complaints, [])
})

t.test('a concurrent edit of another field stays', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/', title: 'First' } })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /412/ })
  await page.goto('/dashboard')
  const read = page.waitForResponse((answer) => answer.url().endsWith('/urls/1'))
  await page.getByRole('button', { name: /^Edit/ }).click()
  await read
  await page.getByLabel('Title').fill('Mine')
  await request('PUT', '/urls/1', { json: { note: 'Theirs' } })
  await save(page)
  await page
    .getByRole('dialog')
    .getByRole('row', { name: /Title Mine First/ })
    .waitFor()
  await page.getByRole('button', { name: 'Save yours' }).click()
  await page.getByText('Changes saved').waitFor()
  t.match((await request('GET', '/urls/1')).json, { title: 'Mine', note: 'Theirs' })
  t.same(complaints, [])
})

t.test('a link that is created while the list loads is in it', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/old' } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  const gate = Promise.withResolvers<void>()
  await page.route('**/urls?*', async (route) => {
    const response = await route.fetch()
    await gate.promise
    await route.fulfill({ response })
  })
  await page.goto('/dashboard')
  await page.getByLabel('Long addresses to shorten').fill('https://example.com/new')
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'New links' }).waitFor()
  gate.resolve()
  await page.getByRole('cell', { name: 'example.com/old' }).waitFor()
  await page.getByRole('cell', { name: 'example.com/new' }).waitFor()
  await page.getByText('2 links', { exact: true }).waitFor()
  t.same(complaints, [])
})

t.test('a created link is shown where filter and sort place it', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const create = (code: string, is_active: boolean) =>
    request('POST', '/urls', { json: { original_url: 'https://example.com/', short_code: code, is_active } })
  await create('off', false)
  await create('aaa', true)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  const field = page.getByLabel('Long addresses to shorten')
  await page.goto('/dashboard?status=inactive')
  await page.getByRole('link', { name: 'off' }).waitFor()
  let answer = page.waitForResponse(/\/urls\?.*is_active=false/)
  await field.fill('https://example.com/active')
  await page.keyboard.press('Enter')
  await answer
  await page.getByText('1 link', { exact: true }).waitFor()
  t.equal(await page.getByRole('cell', { name: 'example.com/active' }).count(), 0)

  await page.goto('/dashboard?sort=id')
  await page.getByRole('link', { name: 'off' }).waitFor()
  answer = page.waitForResponse((response) => response.request().method() === 'POST')
  await field.fill('https://example.com/last')
  await page.keyboard.press('Enter')
  await answer
  await page.getByRole('cell', { name: 'example.com/last' }).waitFor()
  t.match((await page.locator('.is-links .col-target').allInnerTexts()).at(-1), /last/)
  t.same(complaints, [])
})

t.test('a far expiry is shown, and stays when another field is edited', browserTest, async (t) => {
  const { app, url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/' } })
  await app.database.db.execute(
    sql`update urls set expires_at = '12345-06-07T08:09:10Z', version = version + 1`
  )
  const { page, complaints } = await openPage(await openBrowser(t), url, { timezoneId: 'UTC' })
  await page.goto('/dashboard')
  await page.getByRole('button', { name: /^Edit/ }).click()
  t.equal(await page.getByLabel('Expires').inputValue(), '12345-06-07T08:09')
  await page.getByLabel('Title').fill('Far')
  await save(page)
  await page.getByText('Changes saved').waitFor()
  t.match((await request('GET', '/urls/1')).json, { title: 'Far', expires_at: '+012345-06-07T08:09:10' })

  await page.getByRole('button', { name: /^Edit/ }).click()
  await page.getByLabel('Expires').fill('0999-01-02T03:04')
  await save(page)
  await page.getByText('Expired', { exact: true }).waitFor()
  t.match((await request('GET', '/urls/1')).json, { expires_at: '0999-01-02T03:04:00' })
  t.same(complaints, [])
})

t.test('the server decides which schemes a target may have', browserTest, async (t) => {
  const { url, request } = await startApp(t, { env: { TARGET_SCHEMES: 'https,mailto' } })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /422/ })
  await page.goto('/dashboard')
  const field = page.getByLabel('Long addresses to shorten')
  await field.fill('mailto:a@example.com\nexample.com:8443/x')
  await page.keyboard.press('Enter')
  await page.getByText('2 links', { exact: true }).waitFor()
  t.match((await request('GET', '/urls')).json, [
    { original_url: 'mailto:a@example.com' },
    { original_url: 'https://example.com:8443/x' }
  ])
  await field.fill('tel:123')
  await page.keyboard.press('Enter')
  await page
    .locator('#create-error')
    .getByText(/original_url/)
    .waitFor()

  await page.getByRole('button', { name: /^Edit/ }).first().click()
  await page.getByLabel('Target').fill('tel:123')
  await save(page)
  await page.locator('.field').filter({ hasText: 'Target' }).getByRole('alert').waitFor()
  await page.getByLabel('Target').fill('example.com/completed')
  await save(page)
  await page.getByText('Changes saved').waitFor()
  t.match((await request('GET', '/urls/2')).json, { original_url: 'https://example.com/completed' })
  t.same(complaints, [])
})

t.test('a user who changed meanwhile is not deleted', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/users', { json: { username: 'ada', email: 'ada@example.com' } })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /412/ })
  await page.goto('/dashboard/users')
  const read = page.waitForResponse(/\/users\/1$/)
  await page.getByRole('button', { name: 'Delete ada' }).click()
  await read
  await request('PUT', '/users/1', { json: { username: 'eve' } })
  const confirm = page.getByRole('dialog').getByRole('button', { name: /^Delete/ })
  await confirm.click()
  await page.getByRole('dialog').getByRole('alert').waitFor()
  t.equal((await request('GET', '/users/1')).status, 200)
  await confirm.click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  t.equal((await request('GET', '/users/1')).status, 404)
  t.same(complaints, [])
})

t.test('title and target are edited in the list, and a refused edit opens again', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/', title: 'First' } })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /412|422|ERR_FAILED/ })
  await page.goto('/dashboard')
  const title = page.getByRole('textbox', { name: 'Title' })
  const target = page.getByRole('textbox', { name: 'Target' })
  await page.getByText('First').dblclick()
  await title.fill('Dropped')
  await page.keyboard.press('Escape')
  await page.getByText('First').waitFor()

  await page.getByRole('button', { name: /^Quick edit/ }).focus()
  await page.keyboard.press('Enter')
  await title.fill('Second')
  await page.keyboard.press('Enter')
  await page.getByText('Changes saved').waitFor()
  t.match((await request('GET', '/urls/1')).json, { title: 'Second', original_url: 'https://example.com/' })

  // The list shows the edit before the answer, and the old values after a failure.
  const gate = Promise.withResolvers<void>()
  await page.route('**/urls/1', async (route) => {
    if (route.request().method() !== 'PUT') return route.fallback()
    await gate.promise
    await route.abort()
  })
  await page.getByText('Second').dblclick()
  await title.fill('Lost')
  await page.keyboard.press('Enter')
  await page.getByText('Lost').waitFor()
  gate.resolve()
  await page.getByRole('cell').getByRole('alert').waitFor()
  t.equal(await title.inputValue(), 'Lost')
  await page.unroute('**/urls/1')
  await target.fill('tel:123')
  await page.keyboard.press('Enter')
  await target.and(page.locator('[aria-invalid=true]')).waitFor()
  await target.fill('https://example.com/found')
  await page.keyboard.press('Enter')
  await page.getByRole('cell', { name: 'example.com/found' }).waitFor()

  const read = page.waitForResponse(/\/urls\/1$/)
  await page.getByText('Lost').dblclick()
  await read
  await request('PUT', '/urls/1', { json: { title: 'Theirs' } })
  await title.fill('Mine')
  await page.keyboard.press('Enter')
  await page
    .getByRole('dialog')
    .getByRole('row', { name: /Title Mine Theirs/ })
    .waitFor()
  await page.getByRole('button', { name: 'Save yours' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('cell', { name: 'Mine' }).waitFor()
  t.match((await request('GET', '/urls/1')).json, { title: 'Mine' })
  t.same(complaints, [])
})

t.test('an edit in the list that begins during the save of another one', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/', title: 'First' } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard')
  const title = page.getByRole('textbox', { name: 'Title' })
  const gate = Promise.withResolvers<void>()
  await page.route('**/urls/1', async (route) => {
    if (route.request().method() === 'PUT') await gate.promise
    await route.continue()
  })
  await page.getByText('First').dblclick()
  await title.fill('Second')
  await page.keyboard.press('Enter')
  await page.getByText('Second').dblclick()
  await title.fill('Third')
  await page.keyboard.press('Enter')
  gate.resolve()
  await until(async () => (await request('GET', '/urls/1')).json.title === 'Third')
  await page.getByRole('cell', { name: 'Third' }).waitFor()
  t.equal(await page.getByRole('dialog').count(), 0)
  t.same(complaints, [])
})

t.test('a change in one tab shows in the other', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/', title: 'First' } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard')
  const other = await page.context().newPage()
  await other.goto('/dashboard')
  await other.getByText('First').dblclick()
  await other.getByRole('textbox', { name: 'Title' }).fill('Second')
  await other.keyboard.press('Enter')
  await page.getByText('Second').waitFor()
  await request('PUT', '/urls/1', { json: { title: 'Third' } })
  await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))')
  await page.getByText('Third').waitFor()
  t.same(complaints, [])
})

t.test('the editor has a labelled control for each field of the shape', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/' } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard')
  await page.getByRole('button', { name: /^Edit/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('summary').evaluateAll((all) => {
    for (const one of all) one.click()
  })
  const labels = Object.entries(UrlChange.properties).flatMap(([name, schema]) => {
    const parts = Object.keys((schema as { properties?: object }).properties ?? {})
    return parts.length > 0
      ? parts.map((part) => en.parts[part] ?? part)
      : [en.fields[name as keyof typeof en.fields].label]
  })
  const missing: string[] = []
  for (const label of labels)
    if ((await dialog.getByLabel(new RegExp(`^${label}( ·|$)`)).count()) !== 1) missing.push(label)
  t.same(missing, [])
  t.equal(await dialog.locator('input, textarea, select').count(), labels.length)
  t.same(complaints, [])
})
