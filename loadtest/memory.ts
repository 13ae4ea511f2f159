import { parseArgs } from 'node:util'
import type { Request } from 'autocannon'
import { autocannonRun, toRequest } from './autocannon-run.ts'
import { createZipf, type Kind, makeAsk, pickKind, profiles } from './k6/profiles.ts'
import { createRandom, readMetric } from './links.ts'
import { type MeasuredProcess, startServer, startWorker } from './measured.ts'
import { median } from './median.ts'
import { readPssMiB } from './process-tree.ts'
import { markdownTable, writeResults } from './results.ts'
import { codeOf, grow, preparePartitions } from './scale/seed.ts'
import { startTestbed } from './testbed.ts'

/**
 * Measures the memory of a replica: `node loadtest/memory.ts --links 1000000 --seconds 60`. The database has
 * this many links. 100 connections without pauses follow them by Zipf's law, and a worker stores the clicks.
 * The proportional set size of the server is read each second. A second run uses the mix of `npm run load --
 * mixed`, which also lists and creates.
 */
const { values } = parseArgs({
  options: {
    links: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '60' },
    connections: { type: 'string', default: '100' }
  }
})
const links = Number(values.links)
const seconds = Number(values.seconds)
const connections = Number(values.connections)

/** New requests are generated after this many seconds. */
const BURST_SECONDS = 10
const REQUESTS = 4_000

interface Use {
  title: string
  rps: number
  /** Links in the server's cache at the end. */
  held: number
  /** Proportional set size of the server. */
  medianMiB: number
  maxMiB: number
  /** Requests without the expected answer. */
  failures: number
}

const MIXES: { title: string; mix: Partial<Record<Kind, number>> }[] = [
  { title: 'redirects only', mix: { follow: 1 } },
  { title: 'four redirects of five, and reads, lists and creations', mix: profiles.mixed.mix }
]

async function main(): Promise<void> {
  const testbed = await startTestbed({ core: 1, settings: { max_wal_size: '8GB', work_mem: '64MB' } })
  const uses: Use[] = []
  try {
    await (await startServer({ env: testbed.env(false) })).stop()
    await preparePartitions(testbed)
    await grow(testbed, 0, links)
    const worker = await startWorker({ env: testbed.env(true), core: 1 })
    const server = await startServer({ env: { ...testbed.env(true), CLICK_DRAIN: 'off' }, core: 0 })
    for (const { title, mix } of MIXES) {
      const use = await load(server, title, mix)
      uses.push(use)
      process.stdout.write(`${Object.values(use).join('  ')}\n`)
    }
    await Promise.all([server.stop(), worker.stop()])
  } finally {
    await testbed.remove()
  }
  const isWhole = links >= 1e6 && seconds >= 60
  await writeResults(
    isWhole ? 'memory' : 'local/memory',
    { links, seconds, connections, uses },
    { section: { name: 'memory', content: tabulate(uses) } }
  )
  if (uses.some(({ failures }) => failures > 0)) process.exitCode = 1
}

async function load(
  server: MeasuredProcess,
  title: string,
  mix: Partial<Record<Kind, number>>
): Promise<Use> {
  const pick = createZipf(links)
  const samples: number[] = []
  const timer = setInterval(() => samples.push(readPssMiB(server.pid)), 1_000)
  let [answers, failures, spent, seed] = [0, 0, 0, 1]
  while (spent < seconds) {
    const burst = await autocannonRun({
      url: server.url,
      seconds: Math.min(BURST_SECONDS, seconds - spent),
      connections,
      requests: () => makeRequests(createRandom(seed++), pick, mix)
    })
    const good = [200, 201, 302].reduce((sum, status) => sum + (burst.statuses[status] ?? 0), 0)
    answers += burst.answers
    failures += burst.errors + burst.answers - good
    spent += BURST_SECONDS
  }
  clearInterval(timer)
  samples.push(readPssMiB(server.pid))
  return {
    title,
    rps: answers / seconds,
    held: await readMetric(server.url, 'fairlead_cache_entries', 'cache="links"'),
    medianMiB: median(samples),
    maxMiB: Math.max(...samples),
    failures
  }
}

function makeRequests(
  random: () => number,
  pick: (random: number) => number,
  mix: Partial<Record<Kind, number>>
): Request[] {
  return Array.from({ length: REQUESTS }, () => {
    const id = 1 + pick(random())
    return toRequest(makeAsk(pickKind(mix, random()), { id, code: codeOf(id) }, random()))
  })
}

function tabulate(uses: Use[]): string {
  const rows = uses.map(({ title, rps, held, medianMiB, maxMiB }) => [
    title,
    Math.round(rps).toLocaleString('en'),
    held.toLocaleString('en'),
    `${medianMiB}`,
    `${maxMiB}`
  ])
  const headings = [`${links.toLocaleString('en')} links known`, 'a second', 'held', 'median MiB', 'max MiB']
  return markdownTable(headings, rows)
}

await main()
