import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'

/** Tags in the dashboard, in a real browser. */

t.test('tags are set in the editor, found, renamed, merged and deleted', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  for (const name of ['one', 'two'])
    await request('POST', '/urls', { json: { original_url: `https://example.com/${name}` } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard')
  await page.getByRole('button', { name: /^Edit/ }).first().click()
  const input = page.getByRole('dialog').getByLabel(/^Tags/)
  await input.fill('Spring')
  await input.press('Enter')
  await input.fill('print,')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Changes saved').waitFor()
  t.same((await request('GET', '/urls/2')).json.tags, ['print', 'spring'])

  await page.goto('/dashboard/tags')
  await page.getByText('2 tags', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'New tag' }).click()
  await page.getByRole('dialog').getByLabel('Name').fill('a,b')
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('alert').getByText('without , |').waitFor()
  await page.getByRole('dialog').getByLabel('Name').fill('summer')
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('summer is created').waitFor()

  await page.getByRole('button', { name: 'Edit the tag print' }).click()
  await page.getByRole('dialog').getByLabel('Name').fill('paper')
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('paper is saved').waitFor()
  t.same((await request('GET', '/urls/2')).json.tags, ['paper', 'spring'])

  await page.getByRole('button', { name: 'Merge the tag spring' }).click()
  await page.getByRole('dialog').getByLabel('Into').selectOption('summer')
  await page.getByRole('dialog').getByRole('button', { name: 'Merge', exact: true }).click()
  await page.getByText('spring is now summer').waitFor()
  t.same((await request('GET', '/urls/2')).json.tags, ['paper', 'summer'])

  await page.getByRole('link', { name: 'summer' }).click()
  await page.getByText('1 link', { exact: true }).waitFor()
  await page.getByRole('cell', { name: 'example.com/two' }).waitFor()
  await page.goto('/dashboard/tags')
  await page.getByRole('button', { name: 'Delete the tag paper' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the tag' }).click()
  await page.getByText('paper is deleted').waitFor()
  t.same((await request('GET', '/urls/2')).json.tags, ['summer'])
  t.same(complaints, [])
})

t.test('a tag of the greatest length fits the editor', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const json = { original_url: 'https://example.com/', tags: ['w'.repeat(64)] }
  await request('POST', '/urls', { json })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  const tooWide = []
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 800 })
    await page.goto('/dashboard')
    await page.getByRole('button', { name: /^Edit/ }).first().click()
    await page.locator('.tag-input .chip').waitFor()
    const found: string[] = await page.evaluate(`
      [...document.querySelectorAll('dialog, dialog form, .tag-input')]
        .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
        .map(({ className }) => className)`)
    if (found.length > 0) tooWide.push({ width, found })
  }
  t.same(tooWide, [])
  t.same(complaints, [])
})
