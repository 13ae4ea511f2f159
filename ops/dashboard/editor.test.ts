import type { Page } from 'playwright-core'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'

/** The rules of a link in the editor, in a real browser. */

const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).click()
const openEditor = async (page: Page) => {
  await page.goto('/dashboard')
  await page.getByRole('button', { name: /^Edit/ }).first().click()
}
const open = (page: Page, name: RegExp) => page.locator('summary', { hasText: name }).click()

t.test('every rule is set, shown and taken off', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/?a=1%20b&utm_source=old' } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await openEditor(page)
  await open(page, /^When it works/)
  await page.getByLabel('Starts').fill('2090-01-02T09:00')
  await page.getByLabel('Afterwards').fill('example.com/over')
  await open(page, /^How it redirects/)
  await page.getByLabel('Status of the redirect').selectOption('308')
  await page.getByLabel('Forward the query').check()
  await page.getByLabel('Source').fill('mail & more')
  await page.getByText('https://example.com/?a=1%20b&utm_source=mail%20%26%20more').waitFor()
  await save(page)
  await page.getByText('Changes saved').waitFor()
  t.match((await request('GET', '/urls/1')).json, {
    starts_at: '2090-01-02T08:00:00',
    expired_url: 'https://example.com/over',
    redirect_status: 308,
    forward_query: true,
    utm: { source: 'mail & more' }
  })
  await page.getByRole('cell', { name: 'Scheduled' }).waitFor()

  await openEditor(page)
  t.equal(await page.getByLabel('Source').inputValue(), 'mail & more', 'a group that is used is open')
  await page.getByLabel('Source').fill('')
  await page.getByLabel('Starts').fill('')
  await save(page)
  await page.getByText('Changes saved').waitFor()
  t.match((await request('GET', '/urls/1')).json, { starts_at: null, utm: null, redirect_status: 308 })
  await page.getByRole('cell', { name: 'Active' }).waitFor()
  t.same(complaints, [])
})

t.test('what the server refuses is shown at its field, in a group that opens', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const json = { original_url: 'https://example.com/', expires_at: '2080-01-01T00:00:00' }
  await request('POST', '/urls', { json })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /422/ })
  await openEditor(page)
  await page.getByLabel('Starts').fill('2090-01-02T09:00')
  await save(page)
  const starts = page.getByLabel('Starts')
  await page.getByRole('alert').getByText('is not before expires_at').first().waitFor()
  t.equal(await starts.getAttribute('aria-invalid'), 'true')
  t.equal(await starts.inputValue(), '2090-01-02T09:00', 'what was typed is kept')
  await starts.fill('')
  await open(page, /^How it redirects/)
  await page.getByLabel('Source').fill('x'.repeat(257))
  await page.getByRole('alert').getByText('At most 256 characters').waitFor()
  await save(page)
  t.match((await request('GET', '/urls/1')).json, { starts_at: null, utm: null })
  t.same(complaints, [])
})

t.test('UTM parameters are kept as a template and used again', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  for (const name of ['one', 'two'])
    await request('POST', '/urls', { json: { original_url: `https://example.com/${name}` } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await openEditor(page)
  await open(page, /^How it redirects/)
  await page.getByLabel('Medium').fill('email')
  await page.getByLabel('Keep these as a template').fill('Newsletter')
  await page.getByRole('button', { name: 'Keep', exact: true }).click()
  await page.getByLabel('Medium').fill('')
  await page.getByLabel('Source').fill('else')
  await page.keyboard.press('Escape')

  await openEditor(page)
  await open(page, /^How it redirects/)
  await page.getByLabel('Template', { exact: true }).selectOption('Newsletter')
  t.equal(await page.getByLabel('Medium').inputValue(), 'email')
  t.equal(await page.getByLabel('Source').inputValue(), '')
  await save(page)
  await page.getByText('Changes saved').waitFor()
  t.match((await request('GET', '/urls/2')).json, { utm: { medium: 'email' } })

  await openEditor(page)
  await page.getByLabel('Template', { exact: true }).selectOption('Newsletter')
  await page.getByRole('button', { name: 'Delete template' }).click()
  await page.getByLabel('Template', { exact: true }).waitFor({ state: 'detached' })
  t.same(complaints, [])
})

t.test('a password is kept, replaced by what is typed, and removed', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const json = { original_url: 'https://example.com/', short_code: 'locked', password: 'first' }
  await request('POST', '/urls', { json })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  const statusWith = async (password: string) =>
    (await request('GET', '/locked', { headers: { 'x-link-password': password } })).status
  const password = page.getByLabel(/^Password/)
  const saveAll = async () => {
    await save(page)
    await page.getByText('Changes saved').waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }

  await openEditor(page)
  t.equal(await password.inputValue(), '')
  await password.fill('x')
  await password.fill('')
  await page.getByLabel('Title').fill('One')
  await saveAll()
  t.equal(await statusWith('first'), 302, 'an untouched password is kept')

  await openEditor(page)
  await password.click()
  await page.keyboard.press('End')
  await page.keyboard.type('second')
  await saveAll()
  t.same([await statusWith('first'), await statusWith('second')], [401, 302])

  await openEditor(page)
  await page.getByLabel('Remove the password').check()
  t.equal(await password.isDisabled(), true)
  await saveAll()
  t.match((await request('GET', '/urls/1')).json, { has_password: false, title: 'One' })
  t.same(complaints, [])
})

t.test('a renamed link keeps its old code unless the switch is off', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/', short_code: 'one' } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  for (const [code, keeps] of [
    ['two', true],
    ['three', false]
  ] as const) {
    await openEditor(page)
    const group = page.locator('details', { has: page.getByLabel('Short code') })
    if ((await group.getAttribute('open')) === null) await open(page, /^Codes and access/)
    await page.getByLabel('Short code').fill(code)
    t.equal(await page.getByLabel('Keep the old code').isChecked(), true)
    await page.getByLabel('Keep the old code').setChecked(keeps)
    await save(page)
    await page.getByText('Changes saved').waitFor()
  }
  t.match((await request('GET', '/urls/1')).json, { short_code: 'three', aliases: ['one'] })
  const statuses = []
  for (const code of ['one', 'two', 'three']) statuses.push((await request('GET', `/${code}`)).status)
  t.same(statuses, [302, 404, 302])
  t.same(complaints, [])
})
