import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'

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

t.test('the system shows alerts and objectives of Prometheus', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { json: system } = await request('GET', '/api/system')
  const runbook = 'https://example.com/runbook'
  const { page, complaints } = await openPage(await openBrowser(t), url)
  const json = {
    ...system,
    source: 'prometheus',
    source_reason: null,
    alerts: [
      {
        name: 'ClicksLate',
        severity: 'page',
        since: '2026-01-01T00:00:00',
        labels: { job: 'fairlead' },
        summary: 'Clicks wait <b>long</b>',
        runbook
      }
    ],
    slos: [
      { name: 'redirect-latency', objective: 0.99, error_ratio_30d: 0.02, budget_remaining: -1, runbook },
      { name: 'click-durability', objective: null, error_ratio_30d: null, budget_remaining: null, runbook }
    ]
  }
  await page.route('**/api/system', (route) => route.fulfill({ json }))
  await page.goto('/dashboard/system')
  await page.getByText('Figures of all processes, from Prometheus.').waitFor()
  await page.getByText('Clicks wait <b>long</b>').waitFor()
  await page.getByRole('row', { name: /redirect-latency 99% 2% -100%/ }).waitFor()
  await page.getByRole('row', { name: /click-durability unknown unknown unknown/ }).waitFor()
  t.equal(await page.locator(`a[href="${runbook}"]`).count(), 3)
  t.same(complaints, [])
})

t.test('users: create, find, edit beside another, delete', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /412/ })
  await page.goto('/dashboard/users')
  await page.getByText('No users yet').waitFor()
  await page.getByRole('button', { name: 'New user' }).click()
  await page.getByLabel('Name', { exact: true }).fill('anna')
  await page.getByLabel('Email', { exact: true }).fill('nowhere')
  await page.keyboard.press('Enter')
  await page.getByText('Enter an email address').waitFor()
  await page.getByLabel('Email', { exact: true }).fill('anna@example.com')
  await page.keyboard.press('Enter')
  const row = page.getByRole('row').filter({ hasText: 'anna' })
  await row.waitFor()
  await page.getByText('1 user', { exact: true }).waitFor()

  const { json: users } = await request('GET', '/users')
  const path = `/users/${users[0].id}`
  const isRead = page.waitForResponse((answer) => answer.url().endsWith(path))
  await row.getByRole('button', { name: 'Edit anna' }).click()
  await isRead
  await request('PUT', path, { json: { email: 'other@example.com' } })
  await page.getByLabel('Name', { exact: true }).fill('anna-b')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved meanwhile: other@example.com').waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  t.match((await request('GET', path)).json, { username: 'anna-b', email: 'anna@example.com' })

  const draft = { original_url: 'https://example.com/', user_id: users[0].id }
  const { json: link } = await request('POST', '/urls', { json: draft })
  await page.getByRole('searchbox').fill('anna-b')
  await page.waitForURL(/q=anna-b/)
  await page.getByRole('button', { name: 'Delete anna-b' }).click()
  await page.getByRole('radio', { name: 'Delete the links too' }).check()
  await page.getByRole('button', { name: 'Delete user and links' }).click()
  await page.getByText('Nothing matches').waitFor()
  t.equal((await request('GET', `/urls/${link.id}`)).status, 404)
  t.same(complaints, [])
})

t.test('keys: create, copy the secret, replace it, revoke', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard/keys')
  await page.getByText('No keys yet').waitFor()
  await page.getByRole('button', { name: 'New key' }).click()
  await page.getByLabel('Name').fill('deploy script')
  await page.getByLabel('Role').selectOption({ label: 'Read only' })
  await page.keyboard.press('Enter')
  const copySecret = async () => {
    await page.getByRole('button', { name: 'Copy the secret' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    await page.getByRole('button', { name: 'It is stored safely' }).click()
    return (await page.evaluate('navigator.clipboard.readText()')) as string
  }
  const first = await copySecret()
  t.match(first, /^fl_[0-9a-f]{16}_/)
  await page.getByRole('button', { name: 'Replace the secret of deploy script' }).click()
  await page.getByRole('button', { name: 'Replace the secret', exact: true }).click()
  const second = await copySecret()
  t.not(first, second)
  t.equal(await page.getByText(second).count(), 0, 'the secret is gone')
  await page.getByRole('button', { name: 'Revoke deploy script' }).click()
  await page.getByRole('button', { name: 'Revoke the key' }).click()
  await page.getByRole('cell', { name: 'Revoked' }).waitFor()
  t.match((await request('GET', '/keys')).json, [{ role: 'read-only', revoked_at: String }])
  await page.getByLabel('State').selectOption({ label: 'Active' })
  await page.getByText('Nothing matches').waitFor()
  t.same(complaints, [])
})

t.test('the audit log shows what changed, filtered', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { json: link } = await request('POST', '/urls', { json: { original_url: 'https://example.com/' } })
  await request('PUT', `/urls/${link.id}`, { json: { title: '<b>New</b>' } })
  await request('POST', '/keys', { json: { name: 'deploy script', role: 'admin' } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard/audit')
  const keys = page.getByRole('row').filter({ hasText: 'Key' })
  await keys.first().waitFor()
  await page.getByLabel('Kind').selectOption({ label: 'Link' })
  await keys.first().waitFor({ state: 'detached' })
  await page.getByLabel('Change', { exact: true }).selectOption({ label: 'Changed' })
  await page.waitForURL(/resource=url&action=updated/)
  const change = page.getByRole('cell').getByRole('insertion').filter({ hasText: '<b>New</b>' })
  await change.waitFor()
  await page.getByLabel('To day').fill('2020-01-01')
  await page.getByText('Nothing matches').waitFor()
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await keys.first().waitFor()
  t.same(complaints, [])
})

t.test('hosts: block, refuse a link, unblock', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard/hosts')
  await page.getByText('No host is blocked').waitFor()
  await page.getByLabel('Host').fill('https://bad.example/path?x=1')
  await page.getByLabel('Reason').fill('Phishing')
  await page.keyboard.press('Enter')
  await page.getByRole('row', { name: /bad\.example Phishing/ }).waitFor()
  const draft = { json: { original_url: 'https://bad.example/' } }
  t.not((await request('POST', '/urls', draft)).status, 201)
  await page.getByRole('button', { name: 'Unblock bad.example' }).click()
  await page.getByRole('button', { name: 'Unblock', exact: true }).click()
  await page.getByText('No host is blocked').waitFor()
  t.equal((await request('POST', '/urls', draft)).status, 201)
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
