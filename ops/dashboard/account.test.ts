import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'

/** The account, and sessions, in a real browser. */

const ADMIN = `fl_${'0'.repeat(16)}_${'A'.repeat(43)}`
const EXPECTED = { expects: /401/ }

async function start(t: Test) {
  const running = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: ADMIN } })
  const create = async (path: string, json: object) =>
    (await running.request('POST', path, { headers: { authorization: `Bearer ${ADMIN}` }, json })).json
  const user = await create('/users', { username: 'ada', email: 'ada@example.com' })
  return { ...running, create, user, browser: await openBrowser(t) }
}

async function signIn(page: Page, path: string, key: string): Promise<void> {
  await page.goto(path)
  await page.getByLabel('API key').fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { level: 1 }).waitFor()
}

t.test('another session is ended, and its browser is refused', browserTest, async (t) => {
  const { url, browser, create, user } = await start(t)
  const { key } = await create('/keys', { name: 'laptop', role: 'member', user_id: user.id })
  const one = await openPage(browser, url, EXPECTED)
  const two = await openPage(browser, url, EXPECTED)
  const three = await openPage(browser, url, EXPECTED)
  await signIn(two.page, '/dashboard', key)
  await signIn(one.page, '/dashboard/account', key)
  await one.page.getByRole('row').filter({ hasText: 'This browser' }).waitFor()
  const others = one.page.getByRole('button', { name: /^End the session of/ })
  t.equal(await others.count(), 1)
  await others.click()
  await one.page.getByRole('dialog').getByRole('button', { name: 'End the session' }).click()
  await one.page.getByText('The session has ended').waitFor()
  await others.waitFor({ state: 'detached' })

  await two.page.getByLabel('Long addresses to shorten').fill('https://example.com/typed')
  await two.page.getByRole('button', { name: 'Shorten' }).click()
  await two.page.getByText('Your session has ended').waitFor()
  await two.page.getByRole('dialog').getByLabel('API key').fill(key)
  await two.page.getByRole('dialog').getByRole('button', { name: 'Sign in' }).click()
  await two.page.getByRole('dialog').waitFor({ state: 'detached' })

  await signIn(three.page, '/dashboard', key)
  await one.page.reload()
  await one.page.getByRole('button', { name: 'End all others' }).click()
  await one.page.getByRole('dialog').getByRole('button', { name: 'End all others' }).click()
  await one.page.getByText('All other sessions have ended').waitFor()
  await three.page.reload()
  await three.page.getByRole('heading', { name: 'Sign in' }).waitFor()

  await one.page.getByRole('row').getByRole('button', { name: 'Sign out' }).click()
  await one.page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
  await one.page.getByRole('heading', { name: 'Sign in' }).waitFor()
  for (const { complaints } of [one, two, three]) t.same(complaints, [])
})

t.test('a member sees its rights, its user and its data', browserTest, async (t) => {
  const { url, browser, create, user } = await start(t)
  const { key, id } = await create('/keys', { name: '<b>laptop</b>', role: 'member', user_id: user.id })
  const { page, complaints } = await openPage(browser, url, EXPECTED)
  await signIn(page, '/dashboard', key)
  await page.getByRole('button', { name: 'Preferences' }).click()
  await page.getByRole('link', { name: 'Your account' }).click()
  const identity = page.getByRole('region', { name: 'Signed in as' })
  await identity.getByText('<b>laptop</b>').waitFor()
  await identity.getByText(`Key ${id}`).waitFor()
  await identity.getByText('6 permissions').click()
  await identity.getByText('urls:write').waitFor()
  t.equal(await identity.getByText('users:write').count(), 0)
  await page.getByText('ada@example.com').waitFor()
  await page.getByText('An administrator changes your name and address.').waitFor()
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download my data' }).click()
  ])
  t.match(JSON.parse(await readFile(await saved.path(), 'utf8')), {
    user: { username: 'ada' },
    sessions: [{}]
  })

  await page.getByRole('region', { name: 'Preferences' }).getByRole('button', { name: 'Change' }).click()
  await page.getByRole('radio', { name: 'Deutsch' }).check()
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { name: 'Konto' }).waitFor()
  await page.getByRole('button', { name: 'Abmelden' }).first().click()
  await page.getByRole('heading', { name: 'Anmelden' }).waitFor()
  t.same(complaints, [])
})

t.test('an administrator edits its user, and ends sessions of others', browserTest, async (t) => {
  const { url, browser, create, user, request } = await start(t)
  const reader = await create('/keys', { name: 'reader', role: 'read-only', user_id: user.id })
  const { key } = await create('/keys', { name: 'chief', role: 'admin', user_id: user.id })
  const other = await openPage(browser, url, EXPECTED)
  const { page, complaints } = await openPage(browser, url, EXPECTED)
  await signIn(other.page, '/dashboard/sessions', reader.key)
  await other.page.getByText('Your role does not open this page').waitFor()
  await signIn(page, '/dashboard/account', key)
  await page.getByRole('region', { name: 'User' }).getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Email', { exact: true }).fill('lovelace@example.com')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('lovelace@example.com').waitFor()

  await page.goto('/dashboard/sessions')
  await page.getByText('2 sessions', { exact: true }).waitFor()
  const row = page.getByRole('row').filter({ hasText: 'reader' })
  await row.getByRole('button', { name: /^End the session/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'End the session' }).click()
  await row.waitFor({ state: 'detached' })
  await other.page.reload()
  await other.page.getByRole('heading', { name: 'Sign in' }).waitFor()
  const headers = { authorization: `Bearer ${ADMIN}` }
  t.match((await request('GET', '/audit?resource=session&action=revoked', { headers })).json, [
    { actor: { kind: 'session', name: 'chief' } }
  ])
  t.same([...complaints, ...other.complaints], [])
})

t.test('on an open server the account says that everyone may do everything', browserTest, async (t) => {
  const { url } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard')
  await page.getByRole('button', { name: 'Preferences' }).click()
  await page.getByRole('link', { name: 'Your account' }).click()
  await page.getByText('Everyone may do everything').waitFor()
  await page.getByText(/AUTH=keys/).waitFor()
  t.equal(await page.getByText('Where you are signed in').count(), 0)
  await page.goto('/dashboard/sessions')
  await page.getByText('A session begins when a person signs in').waitFor()
  t.same(complaints, [])
})
