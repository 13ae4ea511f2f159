import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import axe from 'axe-core'
import t, { type Test } from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { makeFolder } from '#testing/folder.ts'
import { ROOT } from '#testing/sources.ts'

/** The pages for visitors of links in a real browser, with scripts off and on. */

/** The last pictures, for a look at a change. */
const PICTURES = join(ROOT, 'node_modules', '.cache', 'visitor-pages')

const PASSWORD = 'correct hörse'
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="32"><rect width="96" height="32" fill="#2f5dd3"/></svg>'

const MODES = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  german: { locale: 'de-DE' },
  narrow: { viewport: { width: 360, height: 640 } },
  'forced-colors': { colorScheme: 'dark', forcedColors: 'active' }
} as const

/** Starts a server with a link for each page, and the site that its links lead to. */
async function startSite(t: Test) {
  const site = createServer((_request, response) => response.end('You are there'))
  await once(site.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => site.close())
  const target = `http://localhost:${(site.address() as AddressInfo).port}/there`
  const file = join(await makeFolder(t), 'logo.svg')
  await writeFile(file, LOGO)
  const env = {
    BRAND_NAME: 'Acme Links',
    BRAND_COLOR: '#0a7d4f',
    BRAND_LOGO_FILE: file,
    HOME_PAGE: 'landing'
  }
  const { url, request } = await startApp(t, { env })
  const create = async (short_code: string, fields: object) => {
    const json = { original_url: target, short_code, ...fields }
    const { status, text } = await request('POST', '/urls', { json })
    t.equal(status, 201, text)
  }
  await create('locked', { password: PASSWORD })
  await create('ended', { expires_at: '2020-01-01T00:00:00' })
  await create('shown', {
    original_url: `https://аррӏе.com/${'a-long-path/'.repeat(30)}`,
    title: `The title of the target ${'x'.repeat(80)}`
  })
  return { url, target, request }
}

t.test('a visitor enters the password without scripts', browserTest, async (t) => {
  const { url, target } = await startSite(t)
  const browser = await openBrowser(t)
  for (const javaScriptEnabled of [false, true]) {
    const { page, complaints } = await openPage(browser, url, {
      javaScriptEnabled,
      expects: /status of 401|\/there$|localhost:\d+\/favicon\.ico/
    })
    await page.goto('/locked')
    await page.getByLabel('Password').fill('not this')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('alert').waitFor()
    t.equal(new URL(page.url()).pathname, '/locked')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByText('You are there').waitFor()
    t.equal(page.url(), target)
    await page.goto('/locked')
    await page.getByText('You are there').waitFor()
    t.same(complaints, [], `scripts ${javaScriptEnabled ? 'on' : 'off'}`)
  }
})

const PAGES = { password: '/locked', preview: '/shown+', expired: '/ended', unknown: '/none', landing: '/' }

t.test('each page fits, in every mode, and has no barrier', browserTest, async (t) => {
  const { url } = await startSite(t)
  const browser = await openBrowser(t)
  await mkdir(PICTURES, { recursive: true })
  const faults: string[] = []
  for (const [mode, look] of Object.entries(MODES)) {
    const { page, complaints } = await openPage(browser, url, {
      ...look,
      script: axe.source,
      expects: /status of 4\d\d/
    })
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(path)
      await writeFile(join(PICTURES, `${mode} ${name}.png`), await page.screenshot())
      const violations = (await page.evaluate(
        'axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + " " + target)))'
      )) as string[]
      const excess = (await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth'
      )) as number
      const language = await page.locator('html').getAttribute('lang')
      if (language !== (mode === 'german' ? 'de' : 'en')) faults.push(`${mode} ${name} is in ${language}`)
      if (excess > 0) faults.push(`${mode} ${name} is ${excess} pixels too wide`)
      faults.push(...violations.map((violation) => `${mode} ${name} ${violation}`))
    }
    faults.push(...complaints)
  }
  t.same(faults, [])
})
