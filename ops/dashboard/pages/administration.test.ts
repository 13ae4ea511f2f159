import type { Page } from 'playwright-core'
import { testPages } from './visit.ts'

/** The pages of the administration with lists. */

testPages([
  { path: '/dashboard/users', done: '.is-list' },
  {
    path: '/dashboard/users',
    done: '.is-list',
    open: (page) => page.locator('.page-head .button').click()
  },
  {
    path: '/dashboard/users',
    done: '.is-list',
    open: (page) => page.locator('.col-actions button').nth(1).click()
  },
  { path: '/dashboard/keys', done: '.is-list' },
  {
    path: '/dashboard/keys',
    done: '.is-list',
    open: (page) => page.locator('.page-head .button').click()
  },
  {
    path: '/dashboard/keys',
    done: '.is-list',
    open: (page) => page.locator('.col-actions button').nth(0).click()
  },
  { path: '/dashboard/audit', done: '.is-audit' },
  { path: '/dashboard/hosts', done: '.is-list' },
  {
    path: '/dashboard/hosts',
    done: '.is-list',
    open: (page) => page.locator('.col-actions button').nth(0).click()
  },
  { path: '/dashboard/tags', done: '.is-list' },
  ...[0, 1, 2].map((action) => ({
    path: '/dashboard/tags',
    done: '.is-list',
    open: (page: Page) => page.locator('.col-actions button').nth(action).click()
  })),
  { path: '/dashboard/sessions', done: '.is-sessions' },
  {
    path: '/dashboard/sessions',
    done: '.is-sessions',
    open: (page) => page.locator('.col-actions button').nth(1).click()
  }
])
