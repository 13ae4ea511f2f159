import type { Page } from 'playwright-core'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'

/** The time zone among the preferences, in a real browser whose own zone is Europe/Berlin. */

async function setZone(page: Page, name: string) {
  await page.getByRole('button', { name: 'Preferences' }).click()
  await page.getByLabel('Time zone').last().fill(name)
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

t.test('a zone applies to all times, to periods and to other tabs', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const json = { original_url: 'https://example.com/', expires_at: '2030-01-01T20:30:00' }
  await request('POST', '/urls', { json })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  const other = await page.context().newPage()
  await other.goto('/dashboard/links/1')
  await other.getByText('1 Jan 2030, 21:30').waitFor()
  await page.bringToFront()
  await page.goto('/dashboard/links/1')
  await setZone(page, 'asia/tokyo')
  await page.getByText('2 Jan 2030, 05:30').waitFor()
  t.equal(await page.getByLabel('Time zone').inputValue(), 'Asia/Tokyo')
  await other.bringToFront()
  await other.getByText('2 Jan 2030, 05:30').waitFor()
  t.equal(await other.getByLabel('Time zone').inputValue(), 'Asia/Tokyo')
  await page.bringToFront()
  await page.goto('/dashboard/account')
  await page.getByText('Asia/Tokyo', { exact: true }).waitFor()
  await setZone(page, '')
  await page.getByText('Europe/Berlin (from this device)').waitFor()
  t.same(complaints, [])
})

t.test('a time is entered in the zone, in summer and in winter', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/', short_code: 'first' } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard')
  await setZone(page, 'America/New York')
  const faults: string[] = []
  let expires: string | null = null
  for (const [entered, wanted] of [
    ['2030-07-01T12:00', '2030-07-01T16:00:00'],
    ['2030-01-01T12:00', '2030-01-01T17:00:00'],
    // The clocks go forward at two, and back.
    ['2030-03-10T01:59', '2030-03-10T06:59:00'],
    ['2030-03-10T03:00', '2030-03-10T07:00:00'],
    ['2030-11-03T02:00', '2030-11-03T07:00:00']
  ] as const) {
    await page.getByRole('button', { name: 'Edit first' }).click()
    // The group is open once the link expires.
    if (expires === null) await page.locator('summary', { hasText: /^When it works/ }).click()
    await page.getByLabel('Expires').fill(entered)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    const { expires_at } = (await request('GET', '/urls/1')).json
    expires = expires_at
    if (expires_at !== wanted) faults.push(`${entered}: ${expires_at}`)
    await page.getByRole('button', { name: 'Edit first' }).click()
    const shown = await page.getByLabel('Expires').inputValue()
    if (shown !== entered) faults.push(`${entered} is shown as ${shown}`)
    await page.keyboard.press('Escape')
  }
  t.same(faults, [])
  t.same(complaints, [])
})

t.test('a stored zone that the browser does not know is that of the device', browserTest, async (t) => {
  const { url } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url, {
    script: `localStorage.setItem('fairlead.zone', 'Moon/Base')`
  })
  await page.goto('/dashboard/account')
  await page.getByText('Europe/Berlin (from this device)').waitFor()
  await page.getByRole('button', { name: 'Preferences' }).click()
  const field = page.getByLabel('Time zone')
  await field.fill('Atlantis')
  await page.getByText('Choose a zone of the list').waitFor()
  await field.press('Tab')
  t.equal(await field.inputValue(), '')
  t.same(complaints, [])
})
