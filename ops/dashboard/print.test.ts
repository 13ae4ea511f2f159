import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { buildDashboard } from './build.ts'

/** The statistics on paper, and in colours that the system chose. */

async function startWithClicks(t: Parameters<typeof openBrowser>[0]) {
  await buildDashboard()
  const running = await startApp(t)
  const { json: link } = await running.request('POST', '/urls', {
    json: { original_url: 'https://example.com/' }
  })
  for (const agent of [
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'curl/8.14.1'
  ])
    await running.request('GET', `/${link.short_code}`, { headers: { 'user-agent': agent } })
  return running
}

t.test('statistics print dark on white, without controls, and the chart fits', browserTest, async (t) => {
  const { url } = await startWithClicks(t)
  const { page, complaints } = await openPage(await openBrowser(t), url, {
    colorScheme: 'dark',
    viewport: { width: 1_280, height: 900 }
  })
  await page.addInitScript("localStorage.setItem('fairlead.theme', 'dark')")
  await page.goto('/dashboard/stats')
  await page.locator('.top a').waitFor()
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  // A4 without margins, at 96 pixels per inch.
  await page.setViewportSize({ width: 700, height: 1_000 })
  const colours = await page.evaluate(
    "['.total', 'html'].map((one, index) => getComputedStyle(document.querySelector(one))[index === 0 ? 'color' : 'backgroundColor'])"
  )
  t.same(colours, ['rgb(23, 24, 28)', 'rgb(247, 247, 248)'])
  for (const hidden of ['.side', '.create', '.banner'])
    t.equal(await page.locator(hidden).first().isVisible(), false, hidden)
  t.equal(await page.locator('.summary').isVisible(), true)
  const chart = await page.locator('.chart svg').boundingBox()
  t.ok(chart && chart.x >= 0 && chart.x + chart.width <= 700, JSON.stringify(chart))
  t.same(complaints, [])
})

t.test('with forced colours the parts of the chart differ', browserTest, async (t) => {
  const { url } = await startWithClicks(t)
  const { page } = await openPage(await openBrowser(t), url, { forcedColors: 'active', colorScheme: 'dark' })
  await page.goto('/dashboard/stats')
  await page.locator('.chart-bots').first().waitFor()
  const colours = (await page.evaluate(
    "[['.chart-people', 'fill'], ['.chart-bots', 'fill'], ['.chart-visitors', 'stroke'], ['html', 'backgroundColor']].map(([one, name]) => getComputedStyle(document.querySelector(one))[name])"
  )) as string[]
  t.equal(new Set(colours).size, 4, colours.join())
})
