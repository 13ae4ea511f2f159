import type { Browser, CDPSession, Page } from 'playwright-core'
import { openPage } from '#testing/browser.ts'

/** A page of a slow computer on a slow network, and what the browser itself measures in it. */

/** A slow mobile network, as DevTools emulates it: per request, without the handshake of connections. */
export const NETWORK = { kbitDown: 1_600, kbitUp: 750, roundTripMs: 150 }

/** How much slower the CPU is. */
export const CPU = 4

/**
 * Records in the page: the event timing of each interaction, the first focus of the field for new links, and
 * the end of the last write to the clipboard. The browser reports interactions from 16 ms on, in steps of 8.
 */
const RECORDER = `
window.measured = { interactions: [], focusedAt: 0, copiedAt: 0 }
new PerformanceObserver((list) => {
  for (const { interactionId, duration } of list.getEntries())
    if (interactionId > 0) measured.interactions.push(duration)
}).observe({ type: 'event', durationThreshold: 16 })
addEventListener('focusin', ({ target }) => {
  if (target.matches('.create-field')) measured.focusedAt ||= performance.now()
})
{
  const write = Clipboard.prototype.writeText
  Clipboard.prototype.writeText = async function (text) {
    await write.call(this, text)
    measured.copiedAt = performance.now()
  }
}`

export interface Slow {
  page: Page
  session: CDPSession
  complaints: string[]
  /** Milliseconds since the navigation at which the field was focused, and a text was copied. */
  readMarks(): Promise<{ focusedAt: number; copiedAt: number }>
  close(): Promise<void>
}

/** Opens an empty page in a context without cache. `isSlow` is false for what needs no emulation. */
export async function openSlowPage(browser: Browser, url: string, isSlow = true): Promise<Slow> {
  const { page, complaints } = await openPage(browser, url, { script: RECORDER })
  const session = await page.context().newCDPSession(page)
  if (isSlow) {
    await session.send('Network.enable')
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: NETWORK.roundTripMs,
      downloadThroughput: (NETWORK.kbitDown * 1_000) / 8,
      uploadThroughput: (NETWORK.kbitUp * 1_000) / 8
    })
    await session.send('Emulation.setCPUThrottlingRate', { rate: CPU })
  }
  page.setDefaultTimeout(60_000)
  return {
    page,
    session,
    complaints,
    readMarks: () => page.evaluate('({ focusedAt: measured.focusedAt, copiedAt: measured.copiedAt })'),
    close: () => page.context().close()
  }
}
