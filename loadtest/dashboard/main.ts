import { readCommandLine } from '#apps/command-line.ts'
import { startServer } from '#loadtest/measured.ts'
import { markdownTable, writeResults } from '#loadtest/results.ts'
import { startTestbed } from '#loadtest/testbed.ts'
import { buildDashboard } from '#ops/dashboard/build.ts'
import { measureBuild } from '#ops/dashboard/sizes.ts'
import { launchBrowser } from '#testing/browser.ts'
import { formatRow, makeRows } from './bars.ts'
import { fillDatabase } from './fill.ts'
import { type FirstPage, measureFirstPage } from './first-page.ts'
import { measureHeap } from './heap.ts'
import { type Interaction, measureInteractions } from './interactions.ts'
import { CPU, NETWORK } from './slow-page.ts'

/**
 * Measures the dashboard in Chromium beside its bars: `npm run bench:dashboard`. The server has PostgreSQL
 * and Redis; the browser emulates a slow network and a slow CPU.
 */
const { values } = readCommandLine({
  name: 'npm run bench:dashboard --',
  summary: 'Measures the dashboard in Chromium on a slow network and CPU, beside its bars.',
  options: {
    links: {
      type: 'string',
      value: 'N',
      default: '1000000',
      range: [100, 1e8],
      help: 'Links in the database'
    },
    clicks: { type: 'string', value: 'N', default: '1000000', range: [1, 1e8], help: 'Clicks of one link' },
    rounds: {
      type: 'string',
      value: 'N',
      default: '3',
      range: [1, 100],
      help: 'Rounds; the table has medians'
    },
    changes: { type: 'string', value: 'N', default: '200', range: [1, 1e5], help: 'Page changes per heap' }
  }
})
const options = {
  links: Number(values.links),
  clicks: Number(values.clicks),
  rounds: Number(values.rounds),
  changes: Number(values.changes)
}

async function main(): Promise<void> {
  await buildDashboard()
  const testbed = await startTestbed({ settings: { max_wal_size: '8GB', work_mem: '64MB' } })
  const pages: FirstPage[] = []
  const interactions: Interaction[] = []
  const heap: number[] = []
  try {
    const env = { ...testbed.env(true), RATE_LIMIT: 'off' }
    // Starting the server migrates the database.
    await (await startServer({ env })).stop()
    const start = performance.now()
    const popular = await fillDatabase(testbed, options)
    print(`${options.links} links and ${options.clicks} clicks made in ${secondsSince(start)} s`)
    const server = await startServer({ env })
    const browser = await launchBrowser()
    try {
      for (let round = 1; round <= options.rounds; round++) {
        const begun = performance.now()
        pages.push(await measureFirstPage(browser, server.url))
        interactions.push(...(await measureInteractions(browser, server.url, popular)))
        heap.push(await measureHeap(browser, server.url, options.changes))
        print(`round ${round} of ${options.rounds}: ${secondsSince(begun)} s`)
      }
    } finally {
      await browser.close()
      await server.stop()
    }
  } finally {
    await testbed.remove()
  }
  const rows = makeRows(await measureBuild(), pages, interactions, heap, options.changes)
  const content = markdownTable(['', 'median', 'range', 'bar', ''], rows.map(formatRow))
  print(`\n${content}`)
  const isWhole = options.links >= 1e6 && options.clicks >= 1e6 && options.rounds >= 3
  await writeResults(
    isWhole ? 'dashboard' : 'local/dashboard',
    { options, cpu: CPU, network: NETWORK, rows },
    { section: { name: 'dashboard', content } }
  )
}

const secondsSince = (start: number) => ((performance.now() - start) / 1_000).toFixed(0)

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

await main()
