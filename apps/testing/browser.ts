import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

/** A browser for tests of the dashboard: Debian's Chromium, driven by playwright-core. */

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The options of `t.test`: skips with a notice where there is no browser. */
export const browserTest: { skip?: string } = PROGRAMS.some((path) => existsSync(path))
  ? {}
  : { skip: 'no Chromium; install it to run the tests of the dashboard' }

/** Starts a browser that closes with the test. */
export async function openBrowser(t: Test): Promise<Browser> {
  const browser = await launchBrowser()
  t.teardown(() => browser.close())
  return browser
}

/** Starts a browser with additional switches; the caller closes it. */
export function launchBrowser(switches: readonly string[] = []): Promise<Browser> {
  const executablePath = PROGRAMS.find((path) => existsSync(path)) ?? ''
  // Chromium refuses its sandbox to root.
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...switches] })
}

/** A page, and everything that it did wrong. */
export interface Watched {
  page: Page
  /** Errors of scripts, console errors and warnings, CSP violations, and requests to other hosts. */
  complaints: string[]
}

export interface PageOptions extends BrowserContextOptions {
  /** Runs in each document before its own scripts. */
  script?: string
  /** Failed answers that the test provokes: Chromium logs each as an error. */
  expects?: RegExp
}

/** Opens a page of `url` in a context of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  { script, expects, ...options }: PageOptions = {}
): Promise<Watched> {
  const context = await browser.newContext({
    baseURL: url,
    permissions: ['clipboard-read', 'clipboard-write'],
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    ...options
  })
  if (script !== undefined) await context.addInitScript({ content: script })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const complaints: string[] = []
  const complain = (text: string) => {
    if (!expects?.test(text)) complaints.push(text)
  }
  page.on('pageerror', ({ message }) => complain(message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complain(`${message.text()} ${message.location().url}`)
  })
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== url) complain(request.url())
  })
  return { page, complaints }
}
