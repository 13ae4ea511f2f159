import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { makeFolder } from '#testing/folder.ts'

/** What browsers, servers and clocks do to the dashboard, and its calm answers. */

const ADMIN = `fl_${'0'.repeat(16)}_${'A'.repeat(43)}`
const KEYS = { AUTH: 'keys', ADMIN_KEY: ADMIN }

const createField = (page: Page) => page.getByLabel('Long addresses to shorten')

async function signIn(page: Page, key = ADMIN) {
  await page.getByLabel('API key').fill(key)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

t.test('too many requests: the wait is named, and what was typed stays', browserTest, async (t) => {
  const { url, request } = await startApp(t, { env: { RATE_LIMIT: 'on', RATE_LIMIT_CREATE: '1/3600' } })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /429/ })
  await page.goto('/dashboard')
  const field = createField(page)
  await field.fill('https://example.com/1\nhttps://example.com/2')
  await page.getByRole('button', { name: /^Shorten/ }).click()
  await page.getByText(/Too many requests\. Wait \d+ (seconds|minutes) and try again/).waitFor()
  t.equal(await field.inputValue(), 'https://example.com/2')
  t.equal((await request('GET', '/urls')).json.length, 1)
  t.same(complaints, [])
})

/** A browser in which the person has blocked all cookies, and storage with them. */
async function openBlocking(t: Parameters<typeof openBrowser>[0], url: string) {
  const folder = await makeFolder(t)
  await mkdir(join(folder, 'Default'), { recursive: true })
  const profile = { default_content_setting_values: { cookies: 2 } }
  await writeFile(join(folder, 'Default', 'Preferences'), JSON.stringify({ profile }))
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox'],
    baseURL: url,
    locale: 'en-GB'
  })
  t.teardown(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', ({ message }) => complaints.push(message))
  return { page, complaints }
}

t.test('without storage and cookies an open server works', browserTest, async (t) => {
  const { url } = await startApp(t)
  const { page, complaints } = await openBlocking(t, url)
  await page.goto('/dashboard')
  await createField(page).fill('https://example.com/')
  await page.keyboard.press('Enter')
  await page.getByText('Link created').waitFor()
  t.equal(await page.evaluate('try { localStorage; "usable" } catch (error) { error.name }'), 'SecurityError')
  await page.getByRole('button', { name: 'Preferences' }).click()
  await page.getByRole('radio', { name: 'Dark' }).check()
  await page.locator(':root[data-theme=dark]').waitFor()
  await page.getByRole('radio', { name: 'Deutsch' }).check()
  await page.getByRole('heading', { name: 'Einstellungen' }).waitFor()
  t.same(complaints, [])
})

t.test('without cookies a server with keys says that it needs them', browserTest, async (t) => {
  const { url } = await startApp(t, { env: KEYS })
  const { page, complaints } = await openBlocking(t, url)
  await page.goto('/dashboard')
  await page.getByText('This browser blocks cookies, which a session needs').waitFor()
  await signIn(page)
  await page.getByText('The key is valid, but the browser did not keep the session').waitFor()
  t.equal(await page.getByLabel('API key').inputValue(), ADMIN, 'the key stays in the field')
  t.same(complaints, [])
})

for (const [name, days] of [
  ['ahead', 1],
  ['behind', -1]
] as const)
  t.test(`a clock a day ${name}: ages and periods follow the server`, browserTest, async (t) => {
    const { url, request } = await startApp(t)
    const draft = { original_url: 'https://example.com/', short_code: 'first' }
    await request('POST', '/urls', { json: draft })
    const later = new Date(Date.now() + 3_600_000).toISOString().slice(0, 19)
    await request('POST', '/urls', { json: { ...draft, short_code: 'later', expires_at: later } })
    await request('GET', '/first', { headers: { 'user-agent': 'Mozilla/5.0 Firefox/140.0' } })
    const { page, complaints } = await openPage(await openBrowser(t), url)
    await page.clock.install({ time: Date.now() + days * 86_400_000 })
    await page.goto('/dashboard')
    await page.getByRole('row').filter({ hasText: 'first' }).getByText('now', { exact: true }).waitFor()
    await page.getByRole('row').filter({ hasText: 'later' }).getByText('Active').waitFor()
    await page.getByText(/clock of this device differs from the server’s by 24 hours/).waitFor()
    await page.goto('/dashboard/links/1?period=24h')
    await page.getByText(/^1 click, /).waitFor()
    t.same(complaints, [])
  })

t.test('other tabs follow the theme, the language and the session', browserTest, async (t) => {
  const { url } = await startApp(t, { env: KEYS })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /401/ })
  const other = await page.context().newPage()
  await page.goto('/dashboard')
  await other.goto('/dashboard')
  await other.getByLabel('API key').waitFor()
  // Chromium draws the tab in front only, and waits are for what is drawn.
  const inFront = async (tab: Page) => {
    await tab.bringToFront()
    return tab
  }
  await signIn(await inFront(page))
  await createField(await inFront(other)).fill('https://example.com/typed')

  await inFront(page)
  await page.getByRole('button', { name: 'Preferences' }).click()
  await page.getByRole('radio', { name: 'Dark' }).check()
  await (await inFront(other)).locator(':root[data-theme=dark]').waitFor()
  await inFront(page)
  await page.getByRole('radio', { name: 'Deutsch' }).check()
  await (await inFront(other)).getByText('Noch keine Links').waitFor()
  await inFront(page)
  await page.getByRole('radio', { name: 'English' }).check()
  await (await inFront(other)).getByText('No links yet').waitFor()
  await inFront(page)

  await page.getByRole('button', { name: 'Sign out' }).click()
  await (await inFront(other)).getByText('Your session has ended').waitFor()
  await signIn(await inFront(page))
  await inFront(other)
  await other.getByRole('dialog').waitFor({ state: 'detached' })
  t.equal(await createField(other).inputValue(), 'https://example.com/typed')
  t.same(complaints, [])
})

t.test('the server gone during an edit: the text stays, and a retry saves it', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/', short_code: 'first' } })
  const { page, complaints } = await openPage(await openBrowser(t), url, {
    expects: /ERR_INTERNET_DISCONNECTED/
  })
  await page.goto('/dashboard')
  const isRead = page.waitForResponse('**/urls/1')
  await page.getByRole('button', { name: 'Edit first' }).click()
  await isRead
  await page.getByLabel('Title').fill('Typed before')
  await page.context().setOffline(true)
  await page.getByLabel('Note').fill('Typed during')
  await page.getByRole('button', { name: 'Save' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Check the connection and try again').waitFor()
  t.equal(await page.getByLabel('Title').inputValue(), 'Typed before')
  await page.context().setOffline(false)
  await page.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  t.match((await request('GET', '/urls/1')).json, { title: 'Typed before', note: 'Typed during' })
  t.same(complaints, [])
})

t.test('a replica of the release before: missing fields and routes', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const json = { original_url: 'https://example.com/', short_code: 'first', note: 'x' }
  const { json: link } = await request('POST', '/urls', { json })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /404|422/ })
  const { note: _note, expires_at: _expires, warnings: _warnings, ...before } = link
  const unknown = { code: 'NOT_FOUND', status: 404, title: 'x', detail: 'There is nothing here' }
  await page.route(/\/urls\?/, (route) => route.fulfill({ json: [before] }))
  await page.route('**/urls/1', (route) => route.fulfill({ json: before }))
  await page.route('**/urls/1/history*', (route) => route.fulfill({ status: 404, json: unknown }))
  await page.goto('/dashboard')
  await page.getByRole('link', { name: 'first', exact: true }).click()
  await page.getByText('The server that answered has another release').waitFor()
  await page.getByRole('button', { name: /^Edit/ }).click()
  await page.locator('summary', { hasText: /^When it works/ }).click()
  await page.getByLabel('Expires').waitFor()
  t.equal(await page.getByLabel('Note').inputValue(), '')
  await page.keyboard.press('Escape')
  await page.unroute(/\/urls\?/)
  await page.route(/\/urls\?/, (route) =>
    route.fulfill({
      status: 422,
      json: {
        code: 'INPUT_INVALID',
        status: 422,
        title: 'x',
        detail: 'x',
        errors: [{ path: 'sort', message: 'is not a parameter of this route; its parameters are q' }]
      }
    })
  )
  await page.goto('/dashboard?q=nothing')
  await page.getByText('The server that answered has another release').waitFor()
  await page.unroute(/\/urls\?/)
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('No link matches').waitFor()
  t.same(complaints, [])
})

t.test('a sign-in at the provider leads back to the page with its query', browserTest, async (t) => {
  const env = {
    ...KEYS,
    PUBLIC_URL: 'http://127.0.0.1',
    OIDC_ISSUER: 'http://127.0.0.1:9',
    OIDC_CLIENT_ID: 'x'
  }
  const { url, request } = await startApp(t, {
    env: { ...env, OIDC_CLIENT_SECRET: 'a secret of some length' }
  })
  const { page } = await openPage(await openBrowser(t), url, { expects: /401/ })
  const faults: string[] = []
  for (const [path, wanted = path] of [
    ['/dashboard'],
    ['/dashboard?q=a+b&status=active'],
    [
      '/dashboard?new=https%3A%2F%2Fexample.com%2F%3Fa%3Dé&title="x"',
      '/dashboard?new=https%3A%2F%2Fexample.com%2F%3Fa%3D%C3%A9&title=%22x%22'
    ],
    ['/dashboard/links/1?period=7d'],
    [`/dashboard?q=${'x'.repeat(2_000)}`, '/dashboard']
  ] as [string, string?][]) {
    await page.goto(path)
    const href = (await page.getByRole('link', { name: /organisation/ }).getAttribute('href')) ?? ''
    const given = new URL(href, url).searchParams.get('return_to')
    if (given !== wanted) faults.push(`${path}: ${given}`)
    // The provider does not answer; a path that the server refuses gets 422.
    const { status } = await request('GET', href)
    if (status !== 503) faults.push(`${path}: ${status}`)
  }
  t.same(faults, [])
})

t.test('a pasted megabyte is refused at once, and what was typed stays', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const viewport = { width: 360, height: 740 }
  const { page, complaints } = await openPage(await openBrowser(t), url, { viewport })
  await page.goto('/dashboard')
  const field = createField(page)
  await field.fill('https://example.com/typed')
  await page.evaluate(`navigator.clipboard.writeText('https://example.com/\\n'.repeat(50_000))`)
  await field.press('Control+v')
  await page.getByText('That is too much text. Paste at most 100 addresses at once').waitFor()
  t.equal(await field.inputValue(), 'https://example.com/typed')

  // The end makes a pattern that looks for an address try each of the dots.
  const dots = `${'a.'.repeat(100_000)} b`
  await field.fill(dots)
  await field.press('Enter')
  await page.getByText(/^This is not a web address: a\.a\./).waitFor()
  t.equal(await field.inputValue(), dots)
  await field.fill('https://example.com/\n'.repeat(200))
  await field.press('Enter')
  await page.getByText('At most 100 lines at once').waitFor()
  t.notOk(await isTooWide(page))
  t.same((await request('GET', '/urls')).json, [])
  t.same(complaints, [])
})

const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')

const HOSTILE = {
  markup: '<img src=x onerror=alert(1)><script>alert(2)</script>',
  override: '\u202Egpj.evil\u2067 \u202D',
  long: 'x'.repeat(10_000),
  words: 'a b '.repeat(2_500),
  emoji: '👩‍👩‍👧‍👦'.repeat(1_000),
  nothing: ''
}

t.test(
  'hostile titles, codes, targets and referrers are text and break no layout',
  browserTest,
  async (t) => {
    const { url, request } = await startApp(t)
    const { json: link } = await request('POST', '/urls', { json: { original_url: 'https://example.com/' } })
    const viewport = { width: 360, height: 740 }
    const { page, complaints } = await openPage(await openBrowser(t), url, { viewport })
    const texts = Object.values(HOSTILE)
    // The API refuses most of these: an older row, or another server, may have them.
    const rows = texts.map((title, index) => ({
      ...link,
      id: index + 1,
      title,
      short_code: title.slice(0, 3_000) || 'x',
      short_url: `https://sho.rt/${title || 'x'}`,
      original_url: `https://example.com/${title}`,
      note: title
    }))
    const events = texts.map((referrer, id) => ({
      id,
      url_id: 1,
      user_id: null,
      event_type: referrer.slice(0, 100) || 'click',
      timestamp: link.created_at,
      details: { referrer, user_agent: referrer }
    }))
    const actor = (name: string) => ({ kind: 'key', user_id: 1, name })
    const changes = texts.map((name, id) => ({
      id,
      timestamp: link.created_at,
      actor: actor(name),
      action: name || 'updated',
      before: { title: name, [name || 'x']: name },
      after: { title: `${name}!` }
    }))
    const top = rows.map((row) => ({ ...row, url_id: row.id, clicks: 7 }))
    const { json: stats } = await request('GET', '/stats?unit=day&from=2026-01-01')
    const { json: linkStats } = await request('GET', `/urls/${link.id}/stats?unit=day&from=2026-01-01`)
    await page.route(/\/urls\?/, (route) => route.fulfill({ json: rows }))
    await page.route(/\/urls\/\d+$/, (route) =>
      route.fulfill({ json: rows[Number(route.request().url().split('/').at(-1)) - 1] })
    )
    await page.route(/\/events\?/, (route) => route.fulfill({ json: events }))
    await page.route(/\/history\?/, (route) => route.fulfill({ json: changes }))
    await page.route(/\/urls\/\d+\/stats\?/, (route) => route.fulfill({ json: linkStats }))
    await page.route(/:\d+\/stats\?/, (route) => route.fulfill({ json: { ...stats, top } }))
    const faults: string[] = []
    const paths = ['', '/stats', ...rows.map(({ id }) => `/links/${id}`)]
    for (const path of paths) {
      await page.goto(`/dashboard${path}`)
      await page
        .locator(path === '' ? '.is-links' : path === '/stats' ? '.top a' : '.is-history')
        .first()
        .waitFor()
      if (await isTooWide(page)) faults.push(`${path} is too wide`)
    }
    await page.keyboard.press('Control+k')
    await page.locator('.palette-field').fill('x')
    await page.locator('.palette-option').nth(5).waitFor()
    if (await isTooWide(page)) faults.push('the palette is too wide')
    t.same(faults, [])
    t.equal(await page.locator('img, main script').count(), 0)
    t.same(complaints, [])
  }
)
