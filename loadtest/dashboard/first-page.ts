import type { Browser } from 'playwright-core'
import { until } from '#testing/until.ts'
import { openSlowPage } from './slow-page.ts'

export interface FirstPage {
  /** From the navigation until the field for new links has the focus. */
  usableMs: number
  /** From the navigation until the short link of a pasted address is on the clipboard. */
  copiedMs: number
}

/** Opens the root of the server with an empty cache, pastes an address and copies its short link. */
export async function measureFirstPage(browser: Browser, url: string): Promise<FirstPage> {
  const { page, readMarks, close, complaints } = await openSlowPage(browser, url)
  await page.goto('/', { waitUntil: 'commit' })
  await page.locator('.create-field').waitFor()
  // The shortcut works as soon as the page has drawn the field.
  await until(async () => {
    if ((await readMarks()).focusedAt > 0) return true
    await page.keyboard.press('n')
    return false
  })
  await page.keyboard.insertText('https://example.com/a/long/address?with=parameters')
  await page.keyboard.press('Enter')
  await page
    .getByRole('region', { name: 'New links' })
    .getByRole('button', { name: 'Copy', exact: true })
    .click()
  const { focusedAt, copiedAt } = await until(readMarks, (marks) => marks.copiedAt > 0)
  const copied = await page.evaluate('navigator.clipboard.readText()')
  if (typeof copied !== 'string' || !copied.startsWith('http')) throw new Error(`copied ${copied}`)
  if (complaints.length > 0) throw new Error(complaints.join('\n'))
  await close()
  return { usableMs: focusedAt, copiedMs: copiedAt }
}
