import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { until } from '#testing/until.ts'

/** The palette of commands, the shortcuts and the history of a link, in a real browser. */

const ADMIN = `fl_${'0'.repeat(16)}_${'A'.repeat(43)}`

async function start(t: Test, codes: string[], expects?: RegExp) {
  const running = await startApp(t)
  for (const short_code of codes)
    await running.request('POST', '/urls', {
      json: { original_url: `https://example.com/${short_code}`, short_code, title: `Title of ${short_code}` }
    })
  return { ...running, ...(await openPage(await openBrowser(t), running.url, expects && { expects })) }
}

const field = (page: Page) => page.getByRole('combobox', { name: 'Search links and commands' })

/** Waits until the field announces an option with this name as selected. */
async function isSelected(page: Page, name: RegExp): Promise<void> {
  await until(async () => {
    const id = await field(page).getAttribute('aria-activedescendant')
    const names = await page.locator(`[id="${id}"][role=option][aria-selected=true]`).allInnerTexts()
    return names.some((one) => name.test(one))
  })
}

t.test('the palette finds links while typing, and opens one by keyboard', browserTest, async (t) => {
  const { page, complaints } = await start(t, ['spring', 'summer', 'spring-two'])
  await page.goto('/dashboard')
  await page.getByLabel('Long addresses to shorten').focus()
  await page.keyboard.press('Control+k')
  await field(page).waitFor()
  t.equal(await page.evaluate('document.activeElement.getAttribute("role")'), 'combobox')
  await page.keyboard.type('SPRING')
  await page.getByRole('option', { name: 'spring-two' }).waitFor()
  await until(async () => (await page.getByRole('option').count()) === 2)
  await isSelected(page, /spring-two/)
  await page.keyboard.press('ArrowDown')
  await isSelected(page, /^spring\n/)
  await page.keyboard.press('ArrowDown')
  // The end leads to the beginning.
  await isSelected(page, /spring-two/)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: /\/spring-two$/ }).waitFor()
  await page.getByRole('dialog').waitFor({ state: 'detached' })

  await page.getByRole('link', { name: 'All links' }).click()
  await page.getByRole('button', { name: /^Search/ }).click()
  await page.getByRole('group', { name: 'Recently viewed' }).waitFor()
  await isSelected(page, /spring-two/)
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  // The focus is back.
  await page.locator('.palette-button:focus').waitFor()
  t.same(complaints, [])
})

t.test('the palette opens pages and runs actions', browserTest, async (t) => {
  const { page, complaints } = await start(t, [])
  await page.goto('/dashboard')
  await page.getByText('No links yet').waitFor()
  const run = async (typed: string) => {
    await page.keyboard.press('Control+k')
    await field(page).fill(typed)
    await page.keyboard.press('Enter')
    await field(page).waitFor({ state: 'detached' })
  }
  await run('blocked')
  await page.waitForURL(/\/dashboard\/hosts$/)
  await run('account')
  await page.waitForURL(/\/dashboard\/account$/)
  await run('blocked')
  await page.waitForURL(/\/dashboard\/hosts$/)
  await run('theme dark')
  await page.locator(':root[data-theme=dark]').waitFor()
  await run('deutsch')
  await page.getByRole('heading', { name: 'Gesperrte Hosts' }).waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('english')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Blocked hosts' }).waitFor()
  await run('shortcuts')
  await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor()
  await page.keyboard.press('Control+k')
  t.equal(await field(page).count(), 0, 'not above another dialog')
  await page.keyboard.press('Escape')
  await run('new link')
  await page.locator('.create-field:focus').waitFor()
  await page.keyboard.press('Control+k')
  await field(page).fill('no such command')
  await page.getByText('Nothing matches').waitFor()
  await page.keyboard.press('Control+k')
  await field(page).waitFor({ state: 'detached' })
  t.same(complaints, [])
})

t.test('a search that fails says so, and a later one is shown alone', browserTest, async (t) => {
  const { page, complaints } = await start(t, ['first', 'second'], /429/)
  await page.goto('/dashboard')
  await page.getByRole('link', { name: 'second' }).waitFor()
  const problem = { code: 'RATE_LIMITED', status: 429, title: 'x', detail: 'x', request_id: 'q' }
  await page.route(/\/urls\?q=fir&/, (route) =>
    route.fulfill({ status: 429, json: problem, headers: { 'retry-after': '7' } })
  )
  await page.keyboard.press('Control+k')
  await field(page).fill('fir')
  await page.getByText('Too many requests. Wait 7 seconds and try again.').waitFor()
  // The answer to an earlier search arrives after that to a later one.
  let release = () => {}
  const isReleased = new Promise<void>((done) => {
    release = done
  })
  await page.route(/\/urls\?q=sec&/, async (route) => {
    await isReleased
    await route.continue().catch(() => undefined)
  })
  const isAsked = page.waitForRequest(/\/urls\?q=sec&/)
  await field(page).fill('sec')
  await isAsked
  await field(page).fill('first')
  await page.getByRole('option', { name: 'first' }).waitFor()
  release()
  await page.getByText('Arrow keys select').waitFor()
  t.equal(await page.getByRole('option').count(), 1)
  t.same(complaints, [])
})

t.test('a role finds only what it may open', browserTest, async (t) => {
  const { url, request } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: ADMIN } })
  const headers = { authorization: `Bearer ${ADMIN}` }
  const json = { name: 'reader', role: 'read-only' }
  const { json: key } = await request('POST', '/keys', { headers, json })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /401/ })
  await page.goto('/dashboard')
  await page.getByLabel('API key').fill(key.key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('searchbox').waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('option', { name: 'Statistics' }).waitFor()
  const names = await page.getByRole('option').allInnerTexts()
  t.same(
    names.filter((name) => ['New link', 'Keys', 'System', 'Audit log'].includes(name)),
    []
  )
  await field(page).fill('sign out')
  await page.keyboard.press('Enter')
  await page.getByLabel('API key').waitFor()
  t.same(complaints, [])
})

t.test('shortcuts do nothing in fields, with modifiers and in dialogs', browserTest, async (t) => {
  const { page, complaints } = await start(t, [])
  await page.goto('/dashboard')
  const search = page.getByRole('searchbox')
  await search.pressSequentially('nls?/')
  t.equal(await search.inputValue(), 'nls?/')
  await search.blur()
  for (const key of ['Control+s', 'Alt+s', 'Meta+s', 'Control+Shift+k', 'Control+Alt+k'])
    await page.keyboard.press(key)
  t.match(page.url(), /\/dashboard(\?q=.*)?$/)
  t.equal(await page.getByRole('dialog').count(), 0)
  await page.keyboard.press('?')
  const sheet = page.getByRole('dialog')
  await sheet.getByText('Search and commands').waitFor()
  await page.keyboard.press('s')
  await page.keyboard.press('n')
  t.match(page.url(), /\/dashboard(\?q=.*)?$/)
  await page.keyboard.press('Escape')
  await page.keyboard.press('s')
  await page.waitForURL(/\/dashboard\/stats/)
  t.same(complaints, [])
})

t.test('the history of a link grows with each edit, and is read by pages', browserTest, async (t) => {
  const { page, complaints, request } = await start(t, ['first', 'second'], /503/)
  for (let count = 1; count <= 12; count++)
    await request('PUT', '/urls/1', { json: { title: `<b>Version ${count}</b>` } })
  await page.goto('/dashboard/links/1')
  const history = page.getByRole('region', { name: 'History' })
  const rows = history.getByRole('row')
  await history.getByRole('insertion').filter({ hasText: '<b>Version 12</b>' }).waitFor()
  t.equal(await rows.count(), 1 + 10)
  await history.getByRole('button', { name: 'Show older changes' }).click()
  await history.getByRole('row').filter({ hasText: 'Created' }).waitFor()
  t.equal(await rows.count(), 1 + 13)
  t.equal(await history.getByRole('button').count(), 0)

  await page.getByRole('button', { name: /^Edit/ }).click()
  await page.getByLabel('Title').fill('Version 13')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await history.getByRole('insertion').filter({ hasText: 'Version 13' }).waitFor()

  await page.route('**/urls/2/history*', (route) => route.fulfill({ status: 503, body: 'down' }))
  await page.goto('/dashboard/links/2')
  await history.getByRole('alert').waitFor()
  await page.unroute('**/urls/2/history*')
  await page.route('**/urls/2/history*', (route) => route.fulfill({ json: [] }))
  await history.getByRole('button', { name: 'Try again' }).click()
  await history.getByText('No changes yet').waitFor()
  t.same(complaints, [])
})
