import t from 'tap'
import { startApp } from './app.ts'
import { browserTest, openBrowser, openPage } from './browser.ts'

/** The administration of the dashboard in a real browser. */

const ADMIN = `fl_${'0'.repeat(16)}_${'A'.repeat(43)}`

t.test('the system shows figures, runbooks and settings', browserTest, async (t) => {
  const { url } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard')
  await page.getByRole('link', { name: 'Administration' }).click()
  await page.getByRole('link', { name: 'System' }).click()
  await page.getByText('PROMETHEUS_URL is not set').waitFor()
  await page.getByRole('heading', { name: 'Clicks', exact: true }).waitFor()
  t.match(await page.getByRole('link', { name: 'Runbook: Clicks' }).getAttribute('href'), /clicks-late\.md$/)
  await page.getByRole('radio', { name: 'All' }).check()
  await page.getByRole('searchbox', { name: 'Search settings' }).fill('no such setting')
  await page.getByText('No setting matches').waitFor()
  await page.getByRole('searchbox', { name: 'Search settings' }).fill('prometheus_url')
  await page.getByRole('rowheader', { name: 'PROMETHEUS_URL' }).waitFor()
  t.same(complaints, [])
})

t.test('a role sees only the pages that it may open', browserTest, async (t) => {
  const { url, request } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: ADMIN } })
  const headers = { authorization: `Bearer ${ADMIN}` }
  const json = { name: 'reader', role: 'read-only' }
  const { json: key } = await request('POST', '/keys', { headers, json })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /401/ })
  await page.goto('/dashboard/system')
  await page.getByLabel('API key').fill(key.key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Your role does not open this page').waitFor()
  t.equal(await page.getByRole('link', { name: 'System' }).count(), 0)
  t.same(complaints, [])
})
