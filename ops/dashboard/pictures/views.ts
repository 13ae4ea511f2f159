import type { Page } from 'playwright-core'

/** What the pictures of the dashboard show. */

export interface View {
  name: string
  /** The address below `/dashboard`. */
  path: string
  /** Visible when the page is complete. */
  done: string
  /** Opens a dialog, or types. */
  act?: (page: Page) => Promise<unknown>
  /** Undoes what `act` changed on the server. */
  undo?: (page: Page) => Promise<unknown>
  /** The looks whose picture the documents show. */
  shown: LookName[]
}

export const LOOKS = {
  light: { colorScheme: 'light', viewport: { width: 1_280, height: 860 } },
  dark: { colorScheme: 'dark', viewport: { width: 1_280, height: 860 } },
  phone: { colorScheme: 'light', viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
  'phone-dark': {
    colorScheme: 'dark',
    viewport: { width: 360, height: 740 },
    hasTouch: true,
    isMobile: true
  },
  wide: { colorScheme: 'light', viewport: { width: 2_560, height: 1_300 } }
} as const

export type LookName = keyof typeof LOOKS

const ALL: LookName[] = ['light', 'dark', 'phone']

export const VIEWS: View[] = [
  { name: 'links', path: '', done: '.is-links', shown: [...ALL, 'phone-dark'] },
  { name: 'link', path: '/links/151?period=90d', done: '.is-events', shown: ALL },
  { name: 'stats', path: '/stats?period=90d', done: '.top a', shown: ALL },
  { name: 'users', path: '/users', done: '.is-list', shown: ['light'] },
  { name: 'tags', path: '/tags', done: '.is-list', shown: ['light'] },
  { name: 'keys', path: '/keys', done: '.is-list', shown: ['dark'] },
  { name: 'audit', path: '/audit', done: '.is-audit', shown: ['light', 'phone'] },
  { name: 'hosts', path: '/hosts', done: '.is-list', shown: ['dark'] },
  { name: 'system', path: '/system', done: '.is-settings', shown: ['light', 'dark'] },
  { name: 'components', path: '/components', done: '.samples', shown: ['light', 'dark'] },
  { name: 'sessions', path: '/sessions', done: '.is-sessions', shown: [] },
  { name: 'imports', path: '/imports', done: '.drop', shown: [] },
  { name: 'account', path: '/account', done: '.account', shown: [] },
  {
    name: 'palette',
    path: '',
    done: '.is-links',
    shown: [],
    act: (page) => page.keyboard.press('Control+k')
  },
  {
    name: 'selection',
    path: '',
    done: '.is-links',
    shown: [],
    async act(page) {
      await page.locator('.col-select input').nth(1).check()
      await page.locator('.pop button').nth(0).click()
    }
  },
  { name: 'no-match', path: '?q=nothing-like-this', done: '.empty', shown: [] },
  {
    name: 'edit',
    path: '/links/151',
    done: '.is-events',
    shown: ['light', 'dark', 'phone'],
    async act(page) {
      await page.locator('.link-head .row button').nth(2).click()
      await page.locator('dialog[open] input').first().waitFor()
    }
  },
  {
    name: 'qr',
    path: '/links/151',
    done: '.is-events',
    shown: ['phone'],
    async act(page) {
      await page.locator('.link-head .row button').nth(1).click()
      await page.locator('.qr').waitFor()
    }
  },
  {
    name: 'preferences',
    path: '',
    done: '.is-links',
    shown: [],
    act: (page) => page.locator('.preferences-button').click()
  },
  { name: 'shortcuts', path: '', done: '.is-links', shown: [], act: (page) => page.keyboard.press('?') },
  // Last, and gone afterwards, so that other pictures do not show them.
  { name: 'created', path: '', done: '.is-links', shown: ['light', 'phone'], act: create, undo: remove }
]

const CODES = [
  'coffee',
  'tickets',
  'maps',
  'recipes',
  'manual',
  'survey',
  'webinar',
  'brochure',
  'jobs-2',
  'faq'
]

/** Shortens two addresses, with codes that are the same each time. */
async function create(page: Page): Promise<void> {
  await page.route('**/urls', (route) =>
    route.request().method() === 'POST'
      ? route.fallback({ postData: { ...route.request().postDataJSON(), short_code: CODES.shift() } })
      : route.fallback()
  )
  await page.locator('.create-field').fill('example.com/menu\nexample.org/tickets')
  await page.keyboard.press('Enter')
  await page.locator('.created-row').nth(1).waitFor()
}

async function remove(page: Page): Promise<void> {
  await page.evaluate(
    "Promise.all([...document.querySelectorAll('.created-link')].map((link) => fetch('/urls/' + link.href.split('/').pop(), { method: 'DELETE' })))"
  )
}

/** The looks of the page before the sign-in that the documents show. */
export const SIGN_IN_SHOWN: LookName[] = ['dark']

export const fileOf = (name: string, look: LookName) => `${name}-${look}.webp`

/** The files in the documents. */
export function listPictures(): string[] {
  const views = [...VIEWS, { name: 'sign-in', shown: SIGN_IN_SHOWN }]
  return views.flatMap(({ name, shown }) => shown.map((look) => fileOf(name, look)))
}
