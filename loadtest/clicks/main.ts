import { parseArgs } from 'node:util'
import type { Request } from 'autocannon'
import { autocannonRun, share } from '#loadtest/autocannon-run.ts'
import { loadLinks, makeCodes, readClicks } from '#loadtest/links.ts'
import { startServer, startWorker } from '#loadtest/measured.ts'
import { markdownTable, writeResults } from '#loadtest/results.ts'
import { awaitClicks } from '#loadtest/stored.ts'
import { startTestbed, type Testbed } from '#loadtest/testbed.ts'

/**
 * Measures how fast a worker stores clicks from Redis: `npx node loadtest/clicks/main.ts --backlog 500000`.
 * Redirects fill the stream while no process consumes it, then a worker starts. `npm run bench` measures the
 * cost of storage to a server.
 */
const { values } = parseArgs({
  options: {
    backlog: { type: 'string', default: '500000' },
    connections: { type: 'string', default: '100' }
  }
})
const backlog = Number(values.backlog)
const connections = Number(values.connections)
const LINKS = 10_000
const VISITORS = 20_000

interface Backlog {
  /** Redirects answered, and clicks stored. */
  given: number
  stored: number
  storedPerSecond: number
  /** From the start of the worker to the last click, in milliseconds. */
  ms: number
  /** CPU time of the worker, in microseconds per click. */
  cpuMicros: number
  peakMiB: number
}

async function main(): Promise<void> {
  const testbed = await startTestbed()
  try {
    const result = await consume(testbed)
    const content = tabulate(result)
    process.stdout.write(`${content}\n`)
    await writeResults(
      values.backlog === '500000' ? 'clicks' : 'local/clicks',
      { connections, ...result },
      { section: { name: 'clicks', content } }
    )
    if (result.stored < result.given) process.exitCode = 1
  } finally {
    await testbed.remove()
  }
}

async function consume(testbed: Testbed): Promise<Backlog> {
  const codes = makeCodes(LINKS, 1)
  const env = { ...testbed.env(true), TRUST_PROXY: '127.0.0.1', CLICK_DRAIN: 'off' }
  const server = await startServer({ env })
  await loadLinks(server.url, codes)
  let given = 0
  while (given < backlog) {
    const burst = await autocannonRun({
      url: server.url,
      seconds: 2,
      connections,
      requests: makeRequests(codes)
    })
    given += burst.statuses['302'] ?? 0
  }
  await server.stop()
  const worker = await startWorker({ env: testbed.env(true) })
  const { stored, ms } = await awaitClicks(() => readClicks(testbed), given)
  const cpuMicros = ((await worker.cpuSeconds()) * 1e6) / stored
  const peakMiB = worker.peakMiB()
  await worker.stop()
  return { given, stored, storedPerSecond: stored / (ms / 1_000), ms, cpuMicros, peakMiB }
}

/** Returns requests of many visitors, so that the number of visitor names is realistic. */
function makeRequests(codes: string[]) {
  return (index: number, connections: number): Request[] =>
    share(codes, index, connections).map((code, at) => {
      const visitor = (index * 211 + at * 17) % VISITORS
      return {
        method: 'GET',
        path: `/${code}`,
        headers: {
          'user-agent': `Mozilla/5.0 (X11; Linux x86_64; rv:${100 + (visitor % 40)}.0) Gecko/20100101`,
          'x-forwarded-for': `10.${visitor >> 16}.${(visitor >> 8) & 255}.${visitor & 255}`,
          referer: `https://news.example/${visitor % 50}`
        }
      }
    })
}

function tabulate({ given, stored, storedPerSecond, ms, cpuMicros }: Backlog): string {
  const whole = (value: number) => Math.round(value).toLocaleString('en')
  return markdownTable(
    ['redirects', 'clicks stored', 'clicks stored a second', 'last click after', 'CPU µs'],
    [
      [
        whole(given),
        whole(stored),
        whole(storedPerSecond),
        `${(ms / 1_000).toFixed(2)} s`,
        cpuMicros.toFixed(1)
      ]
    ]
  )
}

await main()
