import { join } from 'node:path'
import { readCommandLine } from '#apps/command-line.ts'
import { buildDashboard, SOURCE } from '#ops/dashboard/build.ts'
import { launch, patienceOf } from '#testing/launch.ts'
import { findPort } from '#testing/server-process.ts'
import { ROOT } from '#testing/sources.ts'
import { until } from '#testing/until.ts'
import { serveLive } from './serve.ts'

/** `npm run dashboard`: the dashboard with live reload, beside the demo or a server that runs already. */

const START_MS = 120_000
const STOP_MS = 10_000

const { values } = readCommandLine({
  name: 'npm run dashboard --',
  summary: 'Serves the dashboard with live reload, on the data of the demo or of a running server.',
  options: {
    server: { type: 'string', value: 'URL', help: 'A running server; the demo when not given' },
    port: {
      type: 'string',
      value: 'PORT',
      default: '3001',
      range: [0, 65_535],
      help: 'Port of the dashboard'
    }
  }
})

// The page of the server has its settings, and a server without a build has no page. Errors show below.
await buildDashboard().catch(() => undefined)
const demo = values.server === undefined ? await startDemo() : null
const upstream = values.server?.replace(/\/+$/, '') ?? demo?.url ?? ''
const { url, close } = await serveLive({
  source: SOURCE,
  upstream,
  port: Number(values.port),
  log: console.log
})
console.log(`Dashboard: ${url}/dashboard   Server: ${upstream}   Stop: Ctrl+C`)

async function stop(): Promise<void> {
  await close()
  await demo?.stop()
  process.exit(0)
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)

async function startDemo() {
  const port = await findPort()
  const url = `http://127.0.0.1:${port}`
  const child = launch({
    command: process.execPath,
    args: [`--import=${join(ROOT, 'apps/preload.mjs')}`, 'apps/demo/main.ts'],
    cwd: ROOT,
    // biome-ignore lint/style/noProcessEnv: the demo gets the environment of this process
    env: { ...process.env, HOST: '127.0.0.1', PORT: String(port) } as Record<string, string>
  })
  child.child.stdout?.pipe(process.stdout)
  child.child.stderr?.pipe(process.stderr)
  const isUp = () =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false
    )
  await until(async () => !child.isRunning() || (await isUp()), Boolean, START_MS)
  if (!child.isRunning()) process.exit(1)
  return { url, stop: () => child.stop('SIGTERM', patienceOf(STOP_MS)) }
}
