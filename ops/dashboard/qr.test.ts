import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { readPng, readSvg } from '#testing/read-qr.ts'
import { ROOT } from '#testing/sources.ts'

/** QR codes in a real browser: the designer of the dashboard, and the images of the server. */

/** The last pictures, for a look at a change. */
const PICTURES = join(ROOT, 'node_modules', '.cache', 'qr')

async function save(page: Page, button: string): Promise<Buffer> {
  const started = page.waitForEvent('download')
  await page.getByRole('button', { name: button }).click()
  return readFile(await (await started).path())
}

t.test('the designer shows, copies and saves readable codes', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const json = {
    original_url: 'https://example.com/',
    short_code: 'poster',
    starts_at: '2999-01-01T00:00:00'
  }
  await request('POST', '/urls', { json })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard')
  await page.getByRole('button', { name: 'QR code of poster' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  await dialog.getByLabel('Size').selectOption('512')
  await dialog.getByLabel('Margin').selectOption('8')
  await dialog.getByLabel('Error correction').selectOption('H')
  await dialog.getByLabel('Colour').fill('#1b2f4d')
  await dialog.getByLabel('Background').fill('#fff0e6')
  const marked = `${url}/poster?qr=1`
  const png = await save(page, 'Save PNG')
  t.equal(readPng(png), marked)
  t.equal(png.readUInt32BE(16), 512, 'the width')
  const svg = (await save(page, 'Save SVG')).toString()
  t.equal(readSvg(svg), marked)
  t.match(svg, 'fill="rgb(27,47,77)"')
  t.equal(readPng(await dialog.getByRole('img').screenshot()), marked, 'the preview')

  await dialog.getByRole('button', { name: 'Copy image' }).click()
  await page.getByText('Copied').first().waitFor()
  const copied = await page.evaluate(
    'navigator.clipboard.read().then(([item]) => item.getType("image/png")).then((blob) => blob.arrayBuffer()).then((bytes) => Array.from(new Uint8Array(bytes)))'
  )
  t.equal(readPng(Uint8Array.from(copied as number[])), marked)

  const isDisabled = () => dialog.getByRole('button', { name: 'Save SVG' }).isDisabled()
  t.equal(await isDisabled(), false)
  await dialog.getByLabel('Colour').fill('#ffaa88')
  await dialog.getByRole('alert').filter({ hasText: 'contrast is below 3:1' }).waitFor()
  t.ok(await isDisabled())
  await dialog.getByLabel('Background').fill('#000000')
  await dialog.getByRole('alert').filter({ hasText: 'must be darker' }).waitFor()
  await mkdir(PICTURES, { recursive: true })
  await writeFile(join(PICTURES, 'refused.png'), await page.screenshot())
  t.same(complaints, [])
})

t.test('the designer fits on a phone, in German and in the dark', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/', short_code: 'poster' } })
  const browser = await openBrowser(t)
  await mkdir(PICTURES, { recursive: true })
  for (const look of [
    { colorScheme: 'light', viewport: { width: 1_280, height: 900 }, locale: 'en-GB' },
    { colorScheme: 'dark', viewport: { width: 360, height: 740 }, locale: 'de-DE' }
  ] as const) {
    const { page, complaints } = await openPage(browser, url, look)
    await page.goto('/dashboard')
    await page.getByRole('button', { name: /^QR.* poster$/ }).click()
    await page.getByRole('dialog').waitFor()
    await writeFile(join(PICTURES, `${look.colorScheme}.png`), await page.screenshot())
    t.same(complaints, [])
  }
})

t.test('a browser draws the images of the server as they are read', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/urls', { json: { original_url: 'https://example.com/', short_code: 'poster' } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  for (const query of ['', '?format=png&size=400', '?color=1b2f4d&background=fff0e6&error_correction=Q']) {
    await page.goto(`/poster/qr${query}`)
    t.equal(readPng(await page.screenshot()), `${url}/poster?qr=1`, query)
  }
  t.same(complaints, [])
})
