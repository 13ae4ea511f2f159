import { readCommandLine } from '#apps/command-line.ts'
import { buildDashboard, SOURCE } from '#ops/dashboard/build.ts'
import { startDemo } from '#ops/dashboard/start-demo.ts'
import { serveLive } from './serve.ts'

/** `npm run dashboard`: the dashboard with live reload, beside the demo or a server that runs already. */

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
