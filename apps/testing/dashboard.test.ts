import t from 'tap'
import { startApp } from './app.ts'
import { browserTest, openBrowser, openPage } from './browser.ts'
import { until } from './until.ts'

/** The main flows of the dashboard in a real browser. */

const ADMIN = `fl_${'0'.repeat(16)}_${'A'.repeat(43)}`

t.test('paste, copy, find, edit and delete', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url, {
    // A server without POST /urls/:id/restore answers 404.
    expects: /404.*\/restore/
  })
  await page.goto('/')
  t.equal(new URL(page.url()).pathname, '/dashboard', 'the root redirects here')
  await page.getByText('No links yet').waitFor()
  await page.getByText('This server is open').waitFor()

  await page.keyboard.press('n')
  await page.keyboard.insertText('https://example.com/a/long/path\nexample.org/second')
  await page.keyboard.press('Enter')
  const results = page.getByRole('region', { name: 'New links' })
  await results.getByRole('button', { name: 'Copy', exact: true }).first().click()
  const { json: links } = await request('GET', '/urls')
  t.match(links, [
    { original_url: 'https://example.com/a/long/path' },
    { original_url: 'https://example.org/second' }
  ])
  t.equal(await page.evaluate('navigator.clipboard.readText()'), links[1].short_url)
  await page.getByText('2 links', { exact: true }).waitFor()

  await results
    .getByRole('button', { name: /^QR code/ })
    .first()
    .click()
  await page.getByRole('dialog').getByRole('img').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })

  await page.keyboard.press('Tab')
  await page.getByRole('searchbox').fill('second')
  await page.waitForURL(/q=second/)
  await page.getByText('1 link', { exact: true }).waitFor()
  const row = page.getByRole('row').filter({ hasText: links[1].short_code })
  await row.getByRole('button', { name: /^Edit/ }).click()
  await page.getByLabel('Title').fill('<i>Second</i>')
  await page.getByLabel('Target').fill('nowhere')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Enter a whole web address').waitFor()
  await page.getByLabel('Target').fill('https://example.org/2')
  await page.getByRole('button', { name: 'Save' }).click()
  await row.getByText('<i>Second</i>').waitFor()
  t.match((await request('GET', `/urls/${links[1].id}`)).json, { original_url: 'https://example.org/2' })

  await row.getByRole('button', { name: /^Delete/ }).click()
  await page.getByText(`${links[1].short_code} is deleted`).waitFor()
  await row.waitFor({ state: 'detached' })
  t.equal((await request('GET', `/urls/${links[1].id}`)).status, 404)
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText(/is back/).waitFor()
  t.same(complaints, [])
})

t.test('a long list grows while it is scrolled, the newest links first', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  for (let count = 0; count < 115; count++)
    await request('POST', '/urls', { json: { original_url: `https://example.com/${count}` } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard')
  await page.getByText('115 links', { exact: true }).waitFor()
  await page.getByText('example.com/114', { exact: true }).waitFor()
  t.equal(await page.getByText('example.com/0', { exact: true }).count(), 0, 'not all at once')
  const last = page.getByText('example.com/0', { exact: true })
  await until(async () => {
    await page.mouse.wheel(0, 3_000)
    return (await last.count()) === 1
  })
  const targets = await page.locator('.is-links tbody .col-target').allInnerTexts()
  t.same(
    targets,
    Array.from({ length: 115 }, (_, index) => `example.com/${114 - index}`)
  )
  t.same(complaints, [])
})

t.test('a concurrent edit is shown side by side', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { json: link } = await request('POST', '/urls', {
    json: { original_url: 'https://example.com/', title: 'First' }
  })
  const path = `/urls/${link.id}`
  if ((await request('GET', path)).headers.get('etag') === null)
    return t.pass('this server has no entity tags')
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /412/ })
  await page.goto('/dashboard')
  const read = page.waitForResponse((answer) => answer.url().endsWith(path))
  await page.getByRole('button', { name: /^Edit/ }).click()
  await read

  await page.getByLabel('Title').fill('Mine')
  await request('PUT', path, { json: { title: 'Theirs' } })
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('heading', { name: 'The link changed meanwhile' }).waitFor()
  await page
    .getByRole('dialog')
    .getByRole('row')
    .filter({ hasText: 'Theirs' })
    .filter({ hasText: 'Mine' })
    .waitFor()
  await page.getByRole('button', { name: 'Save yours' }).click()
  await page.getByText('Changes saved').waitFor()
  t.match((await request('GET', path)).json, { title: 'Mine' })
  t.same(complaints, [])
})

t.test('the page of a link shows its clicks', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { json: link } = await request('POST', '/urls', { json: { original_url: 'https://example.com/' } })
  await request('GET', `/${link.short_code}`, {
    headers: { 'user-agent': 'Mozilla/5.0 Firefox/140.0', referer: 'https://news.example/' }
  })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto(`/dashboard/links/${link.id}`)
  await page.getByText(/^1 click, 0 of them by bots/).waitFor()
  await page.getByRole('cell', { name: 'https://news.example/' }).waitFor()
  await page.getByLabel('Period', { exact: true }).selectOption({ label: 'Last 24 hours' })
  await page.waitForURL(/period=24h/)
  await page.getByText('Show as a table').click()
  await page.getByRole('rowheader').nth(23).waitFor()
  await page.getByRole('link', { name: 'All links' }).click()
  await page.getByRole('link', { name: link.short_code }).waitFor()
  t.same(complaints, [])
})

t.test('sign in with a key; a session that ends keeps what was typed', browserTest, async (t) => {
  const { url, request } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: ADMIN } })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /401/ })
  await page.goto('/dashboard?q=x')
  await page.getByLabel('API key').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('This key is not valid').waitFor()
  await page.getByLabel('API key').fill(ADMIN)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('No link matches').waitFor()

  await page.context().clearCookies()
  const field = page.getByLabel('Long addresses to shorten')
  await field.fill('https://example.com/typed')
  await page.getByRole('button', { name: 'Shorten' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('API key').fill(ADMIN)
  await dialog.getByRole('button', { name: 'Sign in' }).click()
  await dialog.waitFor({ state: 'detached' })
  t.equal(await field.inputValue(), 'https://example.com/typed')

  const headers = { authorization: `Bearer ${ADMIN}` }
  const { json: key } = await request('POST', '/keys', {
    headers,
    json: { name: 'reader', role: 'read-only' }
  })
  await page.getByRole('button', { name: 'Preferences' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('API key').fill(key.key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('searchbox').waitFor()
  t.equal(await field.count(), 0, 'a reader creates nothing')
  t.same(complaints, [])
})

t.test('the dashboard can be off, and the home page another one', async (t) => {
  const off = await startApp(t, { env: { DASHBOARD: 'off' } })
  t.equal((await off.request('GET', '/')).headers.get('location'), '/docs')
  t.equal((await off.request('GET', '/dashboard')).status, 404)
  const elsewhere = await startApp(t, { env: { HOME_PAGE: 'https://example.com/welcome' } })
  t.equal((await elsewhere.request('GET', '/')).headers.get('location'), 'https://example.com/welcome')
  await t.rejects(startApp(t, { env: { HOME_PAGE: 'javascript:alert(1)' } }), /HOME_PAGE/)
})
