import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser, BrowserContextOptions, Page, Route } from 'playwright-core'
import { readCommandLine } from '#apps/command-line.ts'
import { makeScratch } from '#loadtest/scratch.ts'
import { buildDashboard } from '#ops/dashboard/build.ts'
import { startDemo } from '#ops/dashboard/start-demo.ts'
import { launchBrowser, openPage } from '#testing/browser.ts'
import { ROOT } from '#testing/sources.ts'
import { fileOf, LOOKS, type LookName, SIGN_IN_SHOWN, VIEWS } from './views.ts'

/** `npm run pictures`: photographs the dashboard on the data of the demo, for the documents. */

/** The day of the pictures: the same data and the same clock each time. */
const DATE = '2026-06-18'
const NOW = Date.parse(`${DATE}T14:20:00Z`)
/** The time for everything that the database dates by its own clock. */
const RECENT = new Date(NOW - 12 * 60_000).toISOString().slice(0, 19)
const HOST = 'go.example.com'
const ADMIN = `fl_${'0'.repeat(16)}_${'A'.repeat(43)}`
const QUALITY = 82
const UPTIME_S = 11 * 86_400

const { values } = readCommandLine({
  name: 'npm run pictures --',
  summary: 'Photographs the dashboard on the data of the demo with Chromium.',
  options: {
    out: { type: 'string', value: 'DIR', default: 'docs/pictures', help: 'Folder of the pictures' },
    only: { type: 'string', value: 'NAME', oneOf: VIEWS.map(({ name }) => name), help: 'Only this page' },
    all: { type: 'boolean', default: false, help: 'Every page in every look, for a review' }
  }
})

await buildDashboard()
const demo = await startDemo(['--folder', join(makeScratch('pictures'), 'demo'), '--date', DATE], {
  AUTH: 'keys',
  ADMIN_KEY: ADMIN
})
const url = `http://${HOST}`
/** The made-up ids of the pictures, by the random ones. */
const ids = new Map<string, string>()
const browser = await launchBrowser([
  `--host-resolver-rules=MAP ${HOST} 127.0.0.1:${demo.port}`,
  `--unsafely-treat-insecure-origin-as-secure=${url}`,
  '--lang=en-GB'
])
try {
  const folder = resolve(ROOT, values.out)
  await mkdir(folder, { recursive: true })
  if (values.only === undefined)
    for (const name of await readdir(folder)) if (name.endsWith('.webp')) await rm(join(folder, name))
  let bytes = 0
  const { signedIn, bytes: before } = await signIn(browser, folder)
  bytes += before
  for (const look of Object.keys(LOOKS) as LookName[])
    bytes += await photograph(browser, look, signedIn, (name) => join(folder, fileOf(name, look)))
  console.log(`${Math.round(bytes / 1024)} KiB in ${folder}`)
} finally {
  await browser.close()
  await demo.stop()
}

/** Photographs the page before the sign-in, and signs in once for all pictures. */
async function signIn(browser: Browser, folder: string) {
  let bytes = 0
  const looks = values.all ? (Object.keys(LOOKS) as LookName[]) : SIGN_IN_SHOWN
  for (const look of looks) {
    const { page } = await openPage(browser, url, { ...LOOKS[look], reducedMotion: 'reduce' })
    await page.goto('/dashboard')
    await page.locator('.sign-in input').waitFor()
    bytes += await save(page, join(folder, fileOf('sign-in', look)))
    await page.context().close()
  }
  const { page } = await openPage(browser, url)
  await page.goto('/dashboard')
  await page.locator('.sign-in input').fill(ADMIN)
  await page.keyboard.press('Enter')
  await page.locator('.is-links').waitFor()
  const storageState = await page.context().storageState()
  await page.context().close()
  return { signedIn: { storageState }, bytes }
}

/** Photographs the views of one look. Returns the size of the pictures. */
async function photograph(
  browser: Browser,
  look: LookName,
  signedIn: BrowserContextOptions,
  pathOf: (name: string) => string
): Promise<number> {
  const views = VIEWS.filter(
    ({ name, shown }) => (values.all || shown.includes(look)) && [undefined, name].includes(values.only)
  )
  if (views.length === 0) return 0
  const { page } = await openPage(browser, url, { ...LOOKS[look], ...signedIn, reducedMotion: 'reduce' })
  await page.clock.setFixedTime(NOW)
  await page.route(/./, steady)
  let bytes = 0
  for (const { name, path, done, act, undo } of views) {
    await page.goto(`/dashboard${path}`)
    await page.locator(done).first().waitFor()
    await act?.(page)
    bytes += await save(page, pathOf(name))
    await undo?.(page)
  }
  await page.context().close()
  return bytes
}

/** Makes answers the same each time: times of the database's clock, random ids, and this machine's name. */
async function steady(route: Route): Promise<void> {
  const request = route.request()
  if (request.resourceType() !== 'fetch') return route.continue()
  // This process does not know the host that the browser resolves.
  const headers = { ...(await request.allHeaders()), host: HOST }
  const response = await route.fetch({ url: request.url().replace(url, demo.url), headers })
  const body = (await response.text())
    .replace(/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\b/g, (time) =>
      Date.parse(`${time}Z`) > NOW + 100 * 86_400_000 ? RECENT : time
    )
    .replace(/"[0-9a-f]{16}"/g, (id) => `"${ids.get(id) ?? nameId(id)}"`)
    .replace(/"uptime_seconds":\d+/g, `"uptime_seconds":${UPTIME_S}`)
    .replaceAll(`"${hostname()}"`, '"fairlead-1"')
  // The body is decoded already.
  const { 'content-encoding': _, 'content-length': __, ...kept } = response.headers()
  await route.fulfill({ response, body, headers: { ...kept, date: new Date(NOW).toUTCString() } })
}

/** A made-up id for the nth random one. */
function nameId(id: string): string {
  const name = BigInt.asUintN(64, 0x9e3779b97f4a7c15n * BigInt(ids.size + 1)).toString(16)
  ids.set(id, name.padStart(16, '0'))
  return ids.get(id) ?? id
}

/** Takes a WebP, which Playwright does not offer. */
async function save(page: Page, path: string): Promise<number> {
  // The scrollbar is hidden, so its room is empty.
  await page.evaluate("document.documentElement.style.scrollbarGutter = 'auto'; document.fonts.ready")
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY })
  await session.detach()
  await writeFile(path, Buffer.from(data, 'base64'))
  return (await stat(path)).size
}
