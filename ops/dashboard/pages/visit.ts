import axe from 'axe-core'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'

/** Visits pages in a browser: each is accessible, within its width, and without foreign requests. */

export const HOSTILE = [
  '<b>bold</b> \u202Eevil',
  'x'.repeat(500),
  '👩‍👩‍👧‍👦'.repeat(40),
  'שלום עולם',
  'a b '.repeat(120)
]

export interface Visit {
  path: string
  /** What is visible when the page is complete. */
  done: string
  /** Opens `shown`, by default a dialog. */
  open?: (page: Page) => Promise<unknown>
  shown?: string
}

const LOOKS = [
  { colorScheme: 'light', viewport: { width: 1280, height: 900 }, locale: 'en-GB' },
  { colorScheme: 'dark', viewport: { width: 1280, height: 900 }, locale: 'de-DE' },
  { colorScheme: 'light', viewport: { width: 360, height: 740 }, locale: 'de-DE' },
  { colorScheme: 'dark', viewport: { width: 360, height: 740 }, locale: 'en-GB', forcedColors: 'active' },
  {
    colorScheme: 'light',
    viewport: { width: 2_560, height: 1_400 },
    locale: 'en-GB',
    reducedMotion: 'reduce'
  }
] as const

async function startWithLinks(t: Test) {
  const running = await startApp(t)
  await running.request('POST', '/users', {
    json: { username: 'x'.repeat(255), email: `${'x'.repeat(60)}@example.com` }
  })
  await running.request('POST', '/keys', { json: { name: 'x'.repeat(100), role: 'read-only' } })
  await running.request('POST', '/blocked-hosts', {
    json: { host: `.${'x.'.repeat(100)}example`, reason: HOSTILE[1] }
  })
  await running.request('POST', '/api/tags', { json: { name: 'coloured', color: '#ffff00' } })
  const tags = ['a', 'coloured', ...HOSTILE.map((text) => text.replaceAll('\u202e', '').slice(0, 60))]
  for (const [index, title] of HOSTILE.entries()) {
    const json = {
      original_url: `https://example.com/${'segment/'.repeat(60)}${index}`,
      title,
      note: title,
      tags
    }
    const { json: link } = await running.request('POST', '/urls', { json })
    await running.request('GET', `/${link.short_code}`, {
      headers: { 'user-agent': title.slice(0, 40).replace(/[^ -~]/g, '?') }
    })
  }
  return running
}

/** Answers with sessions, of which an open server has none. `?signed-in` is a page under AUTH=keys. */
async function pretendSessions(page: Page): Promise<void> {
  const time = '2026-01-02T03:04:05'
  const of = { name: 'x'.repeat(100), role: 'admin', user_id: 1, key_id: '0'.repeat(16), created_at: time }
  const ends = { last_seen_at: time, expires_at: time, idle_expires_at: '2026-01-02T02:04:05' }
  const json = [
    { id: '1', ...of, ...ends, is_current: true },
    { id: '2', ...of, ...ends, name: HOSTILE[0], key_id: null, is_current: false }
  ]
  await page.route('**/api/sessions?*', (route) => route.fulfill({ json }))
  await page.route('**/session', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ json: { ...(await answer.json()), ...of, ...ends, kind: 'session' } })
  })
  await page.route('**/dashboard/account?signed-in', async (route) => {
    const answer = await route.fetch()
    const body = (await answer.text()).replace('data-auth="open"', 'data-auth="keys"')
    await route.fulfill({ response: answer, body })
  })
}

/** The violations of WCAG 2.2 A and AA, each as one line. */
function runAxe(page: Page): Promise<string[]> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  return page.evaluate(
    `axe.run({ runOnly: ${JSON.stringify(tags)} }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary.slice(0, 200))))`
  )
}

/** By how many pixels the page is wider than the window. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')

/** Tests the pages in each look. */
export function testPages(visits: readonly Visit[]): void {
  for (const look of LOOKS)
    t.test(
      `pages are accessible and fits: ${look.colorScheme}, ${look.viewport.width} px, ${look.locale}`,
      browserTest,
      async (t) => {
        const { url } = await startWithLinks(t)
        const { page, complaints } = await openPage(await openBrowser(t), url, {
          ...look,
          script: axe.source,
          expects: /404.*\/urls\/999|getOwnPropertySymbols/
        })
        const found: string[] = []
        await pretendSessions(page)
        for (const { path, done, open, shown = 'dialog[open]' } of visits) {
          await page.goto(path)
          await page.locator(done).first().waitFor()
          if (open) {
            await open(page)
            await page.locator(shown).first().waitFor()
          }
          const wide = await overflow(page)
          if (wide > 0) found.push(`${path} is ${wide} px too wide`)
          found.push(...(await runAxe(page)).map((line) => `${path} ${open ? `${shown} ` : ''}${line}`))
        }
        t.same(found, [])
        t.same(complaints, [])
      }
    )
}
