import { sql } from 'drizzle-orm'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'

/** The dashboard in a real browser when answers are lost, sessions end, and servers go. */

const ADMIN = `fl_${'0'.repeat(16)}_${'A'.repeat(43)}`

t.test('a filter chosen while a search is typed stays', browserTest, async (t) => {
  const { url } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.clock.install()
  await page.goto('/dashboard')
  await page.getByRole('searchbox').fill('second')
  await page.getByRole('radio', { name: 'Inactive' }).check()
  await page.waitForURL(/status=inactive/)
  await page.clock.runFor(1_000)
  await page.waitForURL(/q=second/)
  t.match(page.url(), /status=inactive/)
  t.same(complaints, [])
})

t.test('a repeated press creates no link again whose answer was lost', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { page } = await openPage(await openBrowser(t), url)
  let isLosing = true
  await page.route('**/urls', async (route) => {
    const isLost = isLosing && route.request().postData()?.includes('/second')
    if (!isLost) return route.fallback()
    await route.fetch()
    await route.abort()
  })
  await page.goto('/dashboard')
  const field = page.getByLabel('Long addresses to shorten')
  await field.fill('https://example.com/first\nhttps://example.com/second\nhttps://example.com/first')
  await page.getByRole('button', { name: /^Shorten/ }).click()
  await page.locator('#create-error').waitFor()
  t.equal(await field.inputValue(), 'https://example.com/second\nhttps://example.com/first')
  isLosing = false
  await page.getByRole('button', { name: /^Shorten/ }).click()
  await page.getByText('3 links', { exact: true }).waitFor()
  const { json: links } = await request('GET', '/urls')
  t.same(
    links.map(({ original_url }: { original_url: string }) => new URL(original_url).pathname),
    ['/first', '/second', '/first']
  )
})

t.test('addresses typed while others are shortened stay in the field', browserTest, async (t) => {
  const { url } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  const answer = Promise.withResolvers<void>()
  await page.route('**/urls', async (route) => {
    await answer.promise
    await route.fallback()
  })
  await page.goto('/dashboard')
  const field = page.getByLabel('Long addresses to shorten')
  await field.fill('example.com/first')
  await field.press('Enter')
  await field.press('Shift+Enter')
  await field.pressSequentially('example.com/second')
  answer.resolve()
  await page.getByText('Link created').waitFor()
  t.equal(await field.inputValue(), 'example.com/second')
  t.same(complaints, [])
})

t.test('the target of a link leads to web addresses only', browserTest, async (t) => {
  const { app, url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/' } })
  // Such a target may be older than the check of targets.
  const script = 'javascript:document.title=1'
  await app.database.db.execute(sql`insert into urls (short_code, original_url) values ('odd', ${script})`)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard/links/1')
  await page.getByRole('link', { name: 'https://example.com/' }).waitFor()
  await page.goto('/dashboard/links/2')
  await page.getByText(script).waitFor()
  t.equal(await page.getByRole('link', { name: script }).count(), 0)
  t.same(complaints, [])
})

t.test(
  'after a session has ended, another caller signs in and sees its own links',
  browserTest,
  async (t) => {
    const { url, request } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: ADMIN } })
    const headers = { authorization: `Bearer ${ADMIN}` }
    const create = async (path: string, json: object) => (await request('POST', path, { headers, json })).json
    const user = await create('/users', { username: 'member', email: 'member@example.com' })
    const member = await create('/keys', { name: 'member', role: 'member', user_id: user.id })
    await create('/urls', { original_url: 'https://example.com/secret' })
    const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /401/ })
    await page.goto('/dashboard')
    await page.getByLabel('API key').fill(ADMIN)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('example.com/secret').waitFor()

    await page.context().clearCookies()
    await page.getByLabel('Long addresses to shorten').fill('https://example.com/typed')
    await page.getByRole('button', { name: 'Shorten' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('API key').fill(member.key)
    await dialog.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('No links yet').waitFor()
    t.equal(await page.getByText('example.com/secret').count(), 0)
    t.equal(await page.getByLabel('Long addresses to shorten').inputValue(), '')
    t.same(complaints, [])
  }
)

t.test('a server that is gone, or newer, gets a calm answer', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/', short_code: 'first' } })
  const { page, complaints } = await openPage(await openBrowser(t), url, {
    expects: /ERR_INTERNET_DISCONNECTED|404|dynamically imported module/
  })
  await page.goto('/dashboard')
  await page.getByRole('link', { name: 'first' }).waitFor()
  const field = page.getByLabel('Long addresses to shorten')
  await field.fill('https://example.com/kept')
  await page.context().setOffline(true)
  await page.getByText('The server does not answer. What you typed is kept.').waitFor()
  await page.getByRole('button', { name: 'Shorten' }).click()
  await page.getByText('Check the connection').waitFor()
  t.equal(await field.inputValue(), 'https://example.com/kept')
  await page.context().setOffline(false)
  await page.getByText('What you typed is kept').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Shorten' }).click()
  await page.getByText('2 links', { exact: true }).waitFor()

  await page.route(/stats-page-\w+\.js/, (route) => route.fulfill({ status: 404 }))
  await page.getByRole('link', { name: 'Statistics' }).click()
  await page.getByText('A newer release is running').waitFor()
  await page.unroute(/stats-page-\w+\.js/)
  await page.getByRole('button', { name: 'Reload' }).click()
  await page.getByRole('heading', { name: 'Statistics' }).waitFor()
  t.same(complaints, [])
})
