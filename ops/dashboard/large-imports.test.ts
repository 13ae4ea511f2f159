import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { makeFolder } from '#testing/folder.ts'
import { until } from '#testing/until.ts'

/** Files of hundreds of megabytes in a real browser: they are sent without being in the page's memory. */

const HEADER = 'username,email\n'
/** Too long for a name, so each row is rejected. */
const ROW = `${'x'.repeat(100_000)},x@example.com\n`

/** Imports the file that `add` gives to the page. Returns by how much the memory of the page grew. */
async function measureImport(t: Test, rows: string, add: (page: Page) => Promise<unknown>): Promise<number> {
  const { url } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard/imports')
  await page.locator('.drop').waitFor()
  const client = await page.context().newCDPSession(page)
  const usedBytes = async () => {
    const { usedSize, backingStorageSize = 0 } = (await client.send('Runtime.getHeapUsage')) as {
      usedSize: number
      backingStorageSize?: number
    }
    return usedSize + backingStorageSize
  }
  const before = await usedBytes()
  await add(page)
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  let most = 0
  const done = page.getByText(`${rows} rows were rejected`)
  const measure = async () => {
    most = Math.max(most, await usedBytes())
    return (await done.count()) === 1
  }
  await until(measure, Boolean, 120_000)
  t.same(complaints, [])
  return most - before
}

t.test('a file of 100 MB is read from the disk', browserTest, async (t) => {
  const path = join(await makeFolder(t), 'users.csv')
  const large = await open(path, 'w')
  await large.write(HEADER)
  for (let count = 0; count < 1_000; count++) await large.write(ROW)
  await large.close()
  const grown = await measureImport(t, '1,000', (page) =>
    page.locator('input[type=file]').setInputFiles(path)
  )
  t.ok(grown < 20_000_000, `${grown} bytes more`)
})

t.test('a dropped file of 500 MB is sent as it is read', browserTest, async (t) => {
  const grown = await measureImport(t, '5,000', async (page) => {
    // The parts are one blob, so that the file takes no room of its own.
    await page.evaluate(`{
      const row = new Blob([${JSON.stringify(ROW)}])
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File([${JSON.stringify(HEADER)}, ...Array(5_000).fill(row)], 'users.csv'))
      const drop = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true })
      document.querySelector('.drop').dispatchEvent(drop)
    }`)
    await page
      .getByRole('listitem')
      .getByText(/^500\.\d MB/)
      .waitFor()
  })
  t.ok(grown < 20_000_000, `${grown} bytes more`)
})
