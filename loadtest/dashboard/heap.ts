import type { Browser, Page } from 'playwright-core'
import { openSlowPage } from './slow-page.ts'

const MIB = 2 ** 20

/** Changes the page `changes` times within one document. Returns by how many MiB the heap has grown. */
export async function measureHeap(browser: Browser, url: string, changes: number): Promise<number> {
  const { page, session, close, complaints } = await openSlowPage(browser, url, false)
  async function readHeap(): Promise<number> {
    await session.send('HeapProfiler.collectGarbage')
    await session.send('HeapProfiler.collectGarbage')
    return (await session.send('Runtime.getHeapUsage')).usedSize / MIB
  }
  await page.goto('/dashboard')
  await page.locator('.is-links tbody a').first().waitFor()
  const before = await readHeap()
  for (let done = 0; done < changes; ) done += await visitAll(page, changes - done)
  const after = await readHeap()
  if (complaints.length > 0) throw new Error(complaints.join('\n'))
  await close()
  return after - before
}

/** Visits each page by its link in the page, at most `limit` pages. Returns their number. */
async function visitAll(page: Page, limit: number): Promise<number> {
  const visits: (() => Promise<unknown>)[] = [
    () => page.locator('.is-links tbody a').first().click(),
    () => page.getByRole('link', { name: 'Statistics' }).click(),
    () => page.getByRole('link', { name: 'Administration' }).click()
  ]
  let done = 0
  for (const visit of visits.slice(0, limit)) {
    await change(page, visit)
    done++
  }
  if (done < visits.length) return done
  const tabs = page.locator('.tabs a:not([aria-current])')
  for (let count = await tabs.count(), at = 0; at < count && done < limit; at++) {
    // The tab of the page itself is missing among the others, so each index is another page.
    await change(page, () => tabs.nth(at).click())
    done++
  }
  if (done < limit) {
    await change(page, () => page.getByRole('link', { name: 'Links', exact: true }).click())
    await page.locator('.is-links tbody a').first().waitFor()
    done++
  }
  return done
}

/** Runs `visit`, and waits until another page is complete. */
async function change(page: Page, visit: () => Promise<unknown>): Promise<void> {
  const before = page.url()
  await visit()
  await page.waitForURL((url) => url.href !== before)
  await page.locator('main h1').first().waitFor()
  await page.locator('main .skeletons').first().waitFor({ state: 'detached' })
}
