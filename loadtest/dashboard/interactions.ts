import { setTimeout as wait } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import type { Popular } from './fill.ts'
import { openSlowPage } from './slow-page.ts'

/** Interactions, each until the browser has painted, and until the data of the server is there. */

export interface Interaction {
  name: string
  /**
   * From an input until the next paint: the longest of the interaction's inputs, 16 if all are shorter. Null
   * without an input.
   */
  paintMs: number | null
  /** From the last input until the data is shown, without the server's own time; null without data. */
  dataMs: number | null
}

/** The event timing reports an entry after its paint. */
const REPORT_MS = 400

interface Step {
  name: string
  act: (page: Page) => Promise<unknown>
  /** Waits for the result on the screen. */
  done: (page: Page) => Promise<unknown>
  /** True if the result is data of the server. */
  hasData: boolean
}

function listSteps({ id, code }: Popular): Step[] {
  const title = `Scale ${id}`
  return [
    {
      name: 'type in the search',
      async act(page) {
        await page.keyboard.press('/')
        await page.keyboard.type(title, { delay: 80 })
      },
      done: (page) => page.locator('.is-links tbody tr', { hasText: code }).first().waitFor(),
      hasData: true
    },
    {
      name: 'open a dialog',
      act: (page) => page.getByRole('button', { name: `Edit ${code}` }).click(),
      done: (page) => page.getByRole('dialog').getByLabel('Title').waitFor(),
      hasData: false
    },
    {
      name: 'close a dialog',
      act: (page) => page.keyboard.press('Escape'),
      done: (page) => page.getByRole('dialog').waitFor({ state: 'detached' }),
      hasData: false
    },
    {
      name: 'open a link',
      act: (page) => page.getByRole('link', { name: code, exact: true }).click(),
      done: async (page) => {
        await page.locator('.is-events tbody tr').first().waitFor()
        await page.locator('.report .summary').waitFor()
      },
      hasData: true
    },
    {
      name: 'change the period',
      async act(page) {
        await page.getByLabel('Period').focus()
        await page.keyboard.press('ArrowDown')
      },
      done: async (page) => {
        await page.waitForURL(/period=/)
        await page.locator('.report .summary').waitFor()
      },
      hasData: true
    },
    {
      name: 'go back to the list',
      act: (page) => page.getByRole('link', { name: 'All links' }).click(),
      done: (page) => page.locator('.is-links tbody tr').nth(5).waitFor(),
      hasData: true
    },
    {
      name: 'sort the list',
      act: (page) => sortButton(page).click(),
      done: async (page) => {
        await page.waitForURL(/sort=/)
        await page.locator('main .skeletons').first().waitFor({ state: 'detached' })
        await page.locator('.is-links tbody tr').nth(5).waitFor()
      },
      hasData: true
    }
  ]
}

const sortButton = (page: Page) => page.getByRole('columnheader', { name: 'Created' }).getByRole('button')

/** Opens the list and runs all interactions once, on the emulated computer and network. */
export async function measureInteractions(
  browser: Browser,
  url: string,
  popular: Popular
): Promise<Interaction[]> {
  const { page, close, complaints } = await openSlowPage(browser, url)
  const results: Interaction[] = []
  await page.goto('/dashboard')
  const rows = page.locator('.is-links tbody tr')
  await rows.first().waitFor()
  // The second time, the files are in the browser's cache.
  await page.reload({ waitUntil: 'commit' })
  await rows.first().waitFor()
  results.push({ name: 'reload the list', paintMs: null, dataMs: await readDataMs(page, url, 0) })
  for (const { name, act, done, hasData } of listSteps(popular)) {
    await page.evaluate('measured.interactions = []; performance.clearResourceTimings()')
    await act(page)
    const since = await readNow(page)
    await done(page)
    const dataMs = hasData ? await readDataMs(page, url, since) : null
    await wait(REPORT_MS)
    const paintMs = Number(await page.evaluate('Math.max(16, ...measured.interactions)'))
    results.push({ name, paintMs, dataMs })
  }
  if (complaints.length > 0) throw new Error(complaints.join('\n'))
  await close()
  return results
}

async function readNow(page: Page): Promise<number> {
  return Number(await page.evaluate('performance.now()'))
}

/**
 * The time from `since` until now without the server's own: that of its slowest request, which this process
 * repeats without emulated network.
 */
async function readDataMs(page: Page, url: string, since: number): Promise<number> {
  const now = await readNow(page)
  const requests = (await page.evaluate(
    `performance.getEntriesByType('resource').filter(({ initiatorType }) => initiatorType === 'fetch').map(({ name }) => name)`
  )) as string[]
  const own = await Promise.all([...new Set(requests)].map(timeRequest))
  return now - since - Math.max(0, ...own)

  async function timeRequest(address: string): Promise<number> {
    const start = performance.now()
    await (await fetch(new URL(address, url))).arrayBuffer()
    return performance.now() - start
  }
}
