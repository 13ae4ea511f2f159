import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { listFiles, ROOT, readText } from '#testing/sources.ts'
import { until } from '#testing/until.ts'
import { buildDashboard } from './build.ts'

/** The reference of the components is complete, and is drawn in every mode. */

/** The last pictures, for a look at a change. */
const PICTURES = join(ROOT, 'node_modules', '.cache', 'gallery')

const MODES = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'forced-colors': { colorScheme: 'dark', forcedColors: 'active' }
} as const

const SHOWN = 'button, a, input, select, textarea, .badge, kbd, svg'
const DIALOGS = ['Open a dialog', 'Form', 'QR code']

t.test('the reference shows every component of ui/', async (t) => {
  const components = listFiles(['apps/dashboard/ui'], /\.tsx$/).flatMap((file) =>
    [...readText(file).matchAll(/^export (?:default )?function ([A-Z]\w+)/gm)].map(([, name = '']) => name)
  )
  t.ok(components.length >= 20, `${components.length} components`)
  const pages = listFiles(['apps/dashboard/shell'], /gallery-.*\.tsx$/).map(readText)
  const app = readText('apps/dashboard/shell/app.tsx')
  t.same(
    components.filter((name) => ![...pages, app].some((text) => new RegExp(`<${name}\\b`).test(text))),
    []
  )
})

for (const [mode, look] of Object.entries(MODES))
  t.test(`the reference is drawn: ${mode}`, browserTest, async (t) => {
    await buildDashboard()
    const { url } = await startApp(t)
    const { page, complaints } = await openPage(await openBrowser(t), url, {
      ...look,
      reducedMotion: 'reduce'
    })
    await page.goto('/dashboard/components')
    await page.locator('.icons').waitFor()
    await mkdir(PICTURES, { recursive: true })
    const picture = await page.screenshot({ fullPage: true })
    await writeFile(join(PICTURES, `${mode}.png`), picture)
    t.ok(picture.length > 40_000, `${picture.length} bytes`)

    const invisible = await page.evaluate(
      `[...document.querySelectorAll('.gallery :is(${SHOWN})')].filter((one) => one.getBoundingClientRect().width === 0).map((one) => one.outerHTML.slice(0, 80))`
    )
    t.same(invisible, [])
    for (const name of DIALOGS) {
      await page.getByRole('button', { name, exact: true }).click()
      const dialog = page.getByRole('dialog')
      await dialog.waitFor()
      await writeFile(join(PICTURES, `${mode} ${name}.png`), await page.screenshot())
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
    }
    t.same(complaints, [])
  })

t.test('without motion, nothing moves', browserTest, async (t) => {
  await buildDashboard()
  const { url } = await startApp(t)
  const { page } = await openPage(await openBrowser(t), url, { reducedMotion: 'reduce' })
  await page.goto('/dashboard/components')
  await page.locator('.icons').waitFor()
  await page.getByRole('button', { name: 'Show a message' }).click()
  await page.locator('.toast').waitFor()
  const listMoving = () =>
    page.evaluate(
      "document.getAnimations().filter((one) => one.playState === 'running').map((one) => (one.animationName ?? one.transitionProperty) + ' ' + one.effect.target.className)"
    ) as Promise<string[]>
  t.same(await until(listMoving, (moving) => moving.length === 0), [])
})
