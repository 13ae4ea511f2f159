import { availableParallelism } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Request } from 'autocannon'
import { loadLinks, makeCodes, readClicks } from '#loadtest/links.ts'
import { type MeasuredProcess, startServer, startWorker } from '#loadtest/measured.ts'
import { markdownTable, writeResults } from '#loadtest/results.ts'
import { type Stage, setStage } from '#loadtest/stage.ts'
import { fire, share } from '#loadtest/volley.ts'

/**
 * What becomes of clicks: `npx node loadtest/clicks/main.ts --seconds 10 --backlog 500000`. First redirects are followed at full
 * speed while the same server, then a worker, stores their clicks in PostgreSQL (fsync on). Then clicks pile up
 * in Redis with nobody to store them, and a worker is started on the pile.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    backlog: { type: 'string', default: '500000' },
    connections: { type: 'string', default: '100' }
  }
})
const seconds = Number(values.seconds)
const connections = Number(values.connections)
const LINKS = 10_000
const VISITORS = 20_000
const SETTLE_TIMEOUT_MS = 120_000

interface Flow {
  title: string
  /** Redirects that clients were given, and clicks stored. */
  given: number
  stored: number
  redirectsPerSecond: number
  p95: number
  /** Clicks stored a second, from the first redirect to the last click. */
  storedPerSecond: number
  /** From the last redirect to the last click, in milliseconds. */
  lagMs: number
  /** CPU time of whoever stored them, in microseconds a click; that of a server holds the redirect too. */
  cpuMicros: number
  peakMiB: number
}

async function main(): Promise<void> {
  const codes = makeCodes(LINKS, 1)
  const stage = await setStage()
  const flows: Flow[] = []
  try {
    const seeder = await startServer({ env: stage.env(false) })
    await loadLinks(seeder.url, codes)
    await seeder.stop()
    print(['', 'redirects', 'stored', 'a second', 'stored/s', 'lag ms', 'µs CPU', 'peak MiB'])
    for (const withWorker of [false, true]) flows.push(await follow(stage, codes, withWorker))
    flows.push(await drain(stage, codes, Number(values.backlog)))
  } finally {
    await stage.remove()
  }
  const isWhole = values.seconds === '10' && values.backlog === '500000'
  await writeResults(
    isWhole ? 'clicks' : 'local/clicks',
    { connections, flows },
    {
      section: { name: 'clicks', content: tabulate(flows) }
    }
  )
  if (flows.some(({ given, stored }) => stored < given)) process.exitCode = 1
}

/** Follows links for `seconds` while clicks are stored, by the server itself or by a worker beside it. */
async function follow(stage: Stage, codes: string[], withWorker: boolean): Promise<Flow> {
  const before = await readClicks(stage)
  const prefix = { REDIS_PREFIX: withWorker ? 'beside:' : 'self:' }
  const core = availableParallelism() > 1 ? { core: 0 } : {}
  const server = await startServer({ ...core, env: serverEnv(stage, prefix, !withWorker) })
  const worker = withWorker ? await startWorker({ env: { ...stage.env(true), ...prefix } }) : null
  const start = performance.now()
  const volley = await fire({ url: server.url, seconds, connections, requests: makeRequests(codes) })
  const end = performance.now()
  const given = volley.statuses['302'] ?? 0
  const stored = await awaitClicks(stage, before, given)
  const last = performance.now()
  const flow = await finish(worker ?? server, {
    title: withWorker ? 'server and worker' : 'one server',
    given,
    stored,
    redirectsPerSecond: volley.rps,
    p95: volley.p95,
    storedPerSecond: stored / ((last - start) / 1_000),
    lagMs: last - end
  })
  await Promise.all([server.stop(), worker?.stop()])
  return flow
}

/** Lets `count` clicks pile up in Redis, then starts a worker and sees how fast it stores them. */
async function drain(stage: Stage, codes: string[], count: number): Promise<Flow> {
  const before = await readClicks(stage)
  const prefix = { REDIS_PREFIX: 'pile:' }
  const server = await startServer({ env: serverEnv(stage, prefix, false) })
  let given = 0
  while (given < count) {
    const volley = await fire({ url: server.url, seconds: 2, connections, requests: makeRequests(codes) })
    given += volley.statuses['302'] ?? 0
  }
  await server.stop()
  const worker = await startWorker({ env: { ...stage.env(true), ...prefix } })
  const start = performance.now()
  const stored = await awaitClicks(stage, before, given)
  const ms = performance.now() - start
  const flow = await finish(worker, {
    title: 'pile, then worker',
    given,
    stored,
    redirectsPerSecond: 0,
    p95: 0,
    storedPerSecond: stored / (ms / 1_000),
    lagMs: ms
  })
  await worker.stop()
  return flow
}

function serverEnv(stage: Stage, prefix: Record<string, string>, drains: boolean): Record<string, string> {
  return { ...stage.env(true), ...prefix, TRUST_PROXY: '127.0.0.1', CLICK_DRAIN: drains ? 'on' : 'off' }
}

/** Requests of many visitors, so that their daily names are as many as they would be. */
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

/** Waits until `given` clicks more than `before` are stored, then a little for any that are too many. */
async function awaitClicks(stage: Stage, before: number, given: number): Promise<number> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS
  for (;;) {
    const stored = (await readClicks(stage)) - before
    if (stored >= given || performance.now() > deadline) return stored
    await wait(50)
  }
}

async function finish(drainer: MeasuredProcess, flow: Omit<Flow, 'cpuMicros' | 'peakMiB'>): Promise<Flow> {
  const cpuMicros = ((await drainer.cpuSeconds()) * 1e6) / flow.stored
  const { peakMiB } = await drainer.memory()
  print([
    flow.title,
    ...[flow.given, flow.stored, flow.redirectsPerSecond, flow.storedPerSecond, flow.lagMs].map((value) =>
      Math.round(value).toLocaleString('en')
    ),
    cpuMicros.toFixed(1),
    `${peakMiB}`
  ])
  return { ...flow, cpuMicros, peakMiB }
}

function tabulate(flows: Flow[]): string {
  const whole = (value: number) => Math.round(value).toLocaleString('en')
  return markdownTable(
    [
      '',
      'redirects',
      'clicks stored',
      'redirects a second',
      'clicks stored a second',
      'last click after',
      'CPU µs'
    ],
    flows.map((flow) => [
      flow.title,
      whole(flow.given),
      whole(flow.stored),
      flow.redirectsPerSecond === 0 ? '' : whole(flow.redirectsPerSecond),
      whole(flow.storedPerSecond),
      `${(flow.lagMs / 1_000).toFixed(2)} s`,
      flow.cpuMicros.toFixed(1)
    ])
  )
}

function print(cells: string[]): void {
  const [title = '', ...rest] = cells
  process.stdout.write(`${title.padEnd(20)}${rest.map((cell) => cell.padStart(11)).join('')}\n`)
}

await main()
