import type { Page } from 'playwright-core'
import { HOSTILE, testPages } from './visit.ts'

/** Imports, the account, and what every page shares. */

testPages([
  { path: '/dashboard/imports', done: '.drop' },
  { path: '/dashboard/imports', done: '.drop', open: chooseFiles, shown: '.chosen' },
  { path: '/dashboard/imports', done: '.drop', open: importFiles, shown: '.is-remarks' },
  { path: '/dashboard/account', done: '.account' },
  { path: '/dashboard/account?signed-in', done: '.is-sessions' },
  { path: '/dashboard/system', done: '.is-settings' },
  { path: '/dashboard/components', done: '.samples' },
  { path: '/dashboard/nowhere', done: '.empty' },
  { path: '/dashboard', done: '.is-links', open: (page) => page.locator('.preferences-button').click() },
  { path: '/dashboard', done: '.is-links', open: (page) => page.locator('.palette-button').click() },
  { path: '/dashboard', done: '.is-links', open: (page) => page.keyboard.press('?') }
])

/** Chooses files with hostile names; the last one is empty. */
function chooseFiles(page: Page): Promise<void> {
  const files = ['users', 'urls', 'events'].map((kind, index) => ({
    name: `${kind} ${HOSTILE[index]}.csv`,
    mimeType: 'text/csv',
    buffer: Buffer.from(kind === 'events' ? '' : 'username,email\n,\n')
  }))
  return page.locator('input[type=file]').setInputFiles(files)
}

async function importFiles(page: Page): Promise<void> {
  await chooseFiles(page)
  await page.locator('.import .button.primary').click()
}
