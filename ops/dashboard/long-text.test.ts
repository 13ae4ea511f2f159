import { join } from 'node:path'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'

/**
 * Other languages have longer words than English. The browser gets a German catalogue with the English texts
 * in words that are 40 % longer; no page may cut them, let them overlap, or become wider than the window.
 */

/** Lengthens each word, because a word can't be broken. Values that are put into a text stay. */
const LENGTHEN = `
  const word = (one) => /^[\\p{L}\\p{M}.,:;!?…’“”()-]+$/u.test(one) && one.length > 1
    ? one.replace(/(\\p{L})(\\P{L}*)$/u, (all, last, end) => last.repeat(1 + Math.ceil(one.length * 0.4)) + end)
    : one
  const line = (text) => text.split(' ').map(word).join(' ')
  export const lengthen = (value) =>
    typeof value === 'string' ? line(value)
    : typeof value === 'function' ? (...values) => line(value(...values))
    : Object.fromEntries(Object.entries(value).map(([name, part]) => [name, lengthen(part)]))
`

async function makeCatalogue(): Promise<string> {
  const root = join(import.meta.dirname, '..', '..')
  const contents = `import { en } from './apps/dashboard/text/en.ts'\n${LENGTHEN}\nexport const de = lengthen(en)`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    write: false
  })
  return outputFiles[0]?.text ?? ''
}

const press =
  (selector: string, index = 0) =>
  async (page: Page) => {
    await page.locator(selector).nth(index).click()
    await page.locator('dialog[open]').waitFor()
  }

/** The pages and dialogs, and what is visible when they are complete. */
const PAGES: { path: string; done: string; open?: (page: Page) => Promise<unknown> }[] = [
  { path: '', done: '.is-links' },
  { path: '?q=nothing-like-this', done: '.empty' },
  { path: '/links/1', done: '.is-history' },
  { path: '/links/999', done: '.note' },
  { path: '/stats?period=custom', done: '.top a' },
  { path: '/users', done: '.is-list' },
  { path: '/users', done: '.is-list', open: press('.page-head .button') },
  { path: '/users', done: '.is-list', open: press('.col-actions button', 1) },
  { path: '/keys', done: '.is-list' },
  { path: '/keys', done: '.is-list', open: press('.page-head .button') },
  { path: '/keys', done: '.is-list', open: press('.col-actions button') },
  { path: '/audit', done: '.is-audit' },
  { path: '/hosts', done: '.is-list' },
  { path: '/hosts', done: '.is-list', open: press('.col-actions button') },
  { path: '/system', done: '.is-settings' },
  { path: '/components', done: '.samples' },
  { path: '/nowhere', done: '.empty' },
  { path: '', done: '.is-links', open: press('.preferences-button') },
  { path: '', done: '.is-links', open: press('.palette-button') },
  { path: '', done: '.is-links', open: (page) => page.keyboard.press('?') },
  { path: '', done: '.is-links', open: press('.col-actions button') },
  { path: '', done: '.is-links', open: press('.col-actions button', 1) }
]

/**
 * Runs in the page: texts that leave their element or the window, are cut, or overlap. `.cut` shortens values
 * of people on purpose, what is clipped to nothing is for screen readers, and a scroller shows the rest.
 */
const findFaults = `(() => {
  const root = document.querySelector('dialog[open]') ?? document.body
  const nodes = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  const isSkipped = (element) => element.closest('.cut, svg, option, noscript, script, [aria-hidden=true], .skip') || isHidden(element)
  const isHidden = (element) => {
    for (let one = element; one !== null; one = one.parentElement)
      if (getComputedStyle(one).clipPath === 'inset(50%)') return true
    return false
  }
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  const scroller = (element) => {
    for (let one = element; one !== null; one = one.parentElement)
      if (['auto', 'scroll'].includes(getComputedStyle(one).overflowX)) return one
    return null
  }
  const faults = []
  const boxes = []
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) faults.push('the page scrolls sideways')
  for (let node = nodes.nextNode(); node !== null; node = nodes.nextNode()) {
    const element = node.parentElement
    if (node.data.trim() === '' || isSkipped(element) || !isShown(element)) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    const name = JSON.stringify(node.data.trim().slice(0, 40)) + ' in ' + element.tagName.toLowerCase() + '.' + element.className
    const outer = getComputedStyle(element).display.startsWith('inline') ? element.parentElement : element
    const frame = outer.getBoundingClientRect()
    for (const box of range.getClientRects()) {
      if (box.width < 2 || box.height < 2) continue
      if (!scroller(element) && (box.left < -1 || box.right > innerWidth + 1)) faults.push(name + ' leaves the window')
      if (box.left < frame.left - 1.5 || box.right > frame.right + 1.5) faults.push(name + ' leaves its element')
      for (let one = element; one !== root && one !== null; one = one.parentElement) {
        const { overflowX } = getComputedStyle(one)
        const edge = one.getBoundingClientRect()
        if (['hidden', 'clip'].includes(overflowX) && (box.right > edge.right + 1.5 || box.left < edge.left - 1.5)) faults.push(name + ' is cut')
      }
      boxes.push({ box, name, element })
    }
  }
  for (const control of root.querySelectorAll('button, .button, select, .badge, .choice span')) {
    if (isShown(control) && !isSkipped(control) && control.scrollWidth > control.clientWidth + 1) faults.push('too narrow: ' + control.textContent.slice(0, 40))
  }
  for (const [index, a] of boxes.entries())
    for (const b of boxes.slice(index + 1)) {
      if (a.element === b.element) continue
      const width = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left)
      const height = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top)
      if (width > 2 && height > 4) faults.push(a.name + ' overlaps ' + b.name)
    }
  return [...new Set(faults)]
})()`

for (const width of [360, 840, 1_280])
  t.test(`texts that are 40 % longer fit in ${width} px`, browserTest, async (t) => {
    const { url, request } = await startApp(t)
    await request('POST', '/users', { json: { username: 'anna', email: 'anna@example.com' } })
    await request('POST', '/keys', { json: { name: 'deploy', role: 'read-only' } })
    await request('POST', '/blocked-hosts', { json: { host: 'bad.example', reason: null } })
    const json = { original_url: 'https://example.com/', title: 'Title', note: 'Note' }
    const { json: link } = await request('POST', '/urls', { json })
    await request('GET', `/${link.short_code}`)
    await request('PUT', '/urls/1', { json: { title: 'Other', is_active: false } })
    await request('POST', '/urls', { json: { ...json, expires_at: '2020-01-01T00:00:00' } })
    await request('POST', '/urls', { json })
    const { page, complaints } = await openPage(await openBrowser(t), url, {
      viewport: { width, height: 800 },
      locale: 'de-DE',
      expects: /404/
    })
    const body = await makeCatalogue()
    await page.route(/\/assets\/de-\w+\.js$/, (route) =>
      route.fulfill({ contentType: 'text/javascript', body })
    )
    const found: string[] = []
    for (const { path, done, open } of PAGES) {
      await page.goto(`/dashboard${path}`)
      await page.locator(done).first().waitFor()
      await open?.(page)
      const faults: string[] = await page.evaluate(findFaults)
      found.push(...faults.map((fault) => `${path} ${open ? 'dialog ' : ''}${fault}`))
    }
    t.match(await page.locator('body').innerText(), /Linkss+/)
    t.same(found, [])
    t.same(complaints, [])
  })
