import { testPages } from './visit.ts'

/** The pages of links and statistics. */

testPages([
  { path: '/dashboard', done: '.is-links' },
  { path: '/dashboard?q=nothing-like-this', done: '.empty' },
  {
    path: '/dashboard?columns=title,target,status,created,updated,expires,owner,note,tags,id&sort=-title&expired=false',
    done: '.chip'
  },
  {
    path: '/dashboard?expired=false',
    done: '.is-links',
    open: (page) => page.locator('.pop button').nth(0).click(),
    shown: '.pop-panel'
  },
  {
    path: '/dashboard',
    done: '.is-links',
    open: (page) => page.locator('.pop button').nth(1).click(),
    shown: '.pop-panel'
  },
  {
    path: '/dashboard',
    done: '.is-links',
    open: async (page) => {
      await page.locator('.col-select input').nth(1).check()
      await page.locator('.in-place-open button').nth(1).click()
      await page.locator('.in-place-form input').nth(1).fill('nowhere')
      await page.keyboard.press('Enter')
    },
    shown: '.in-place-form [role=alert]'
  },
  {
    path: '/dashboard',
    done: '.is-links',
    open: async (page) => {
      await page.locator('.col-select input').nth(1).check()
      await page.locator('.selection .danger').click()
    }
  },
  { path: '/dashboard?tags=a&state=active', done: '.chip' },
  { path: '/dashboard/links/1', done: '.is-history' },
  { path: '/dashboard/links/999', done: '.note' },
  { path: '/dashboard/stats', done: '.top a' },
  { path: '/dashboard/stats?period=custom', done: '[type=date]' },
  {
    path: '/dashboard',
    done: '.is-links',
    open: (page) => page.locator('.col-actions button').nth(0).click()
  },
  {
    path: '/dashboard',
    done: '.is-links',
    open: (page) => page.locator('.col-actions button').nth(1).click()
  },
  {
    path: '/dashboard',
    done: '.is-links',
    open: async (page) => {
      await page.locator('.col-actions button').nth(1).click()
      await page.locator('.edit-group summary').first().waitFor()
      for (const summary of await page.locator('.edit-group summary').all()) await summary.click()
    }
  }
])
