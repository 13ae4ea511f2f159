import { join } from 'node:path'
import { launch, patienceOf } from '#testing/launch.ts'
import { findPort } from '#testing/server-process.ts'
import { ROOT } from '#testing/sources.ts'
import { until } from '#testing/until.ts'

/** Starts the demo as a process, for tools that need its data. */

const START_MS = 120_000
const STOP_MS = 10_000

export interface Demo {
  url: string
  port: number
  stop(): Promise<unknown>
}

/** Starts the demo with command-line `options`, and settings beside those of this process. */
export async function startDemo(options: string[] = [], env: Record<string, string> = {}): Promise<Demo> {
  const port = await findPort()
  const url = `http://127.0.0.1:${port}`
  const settings = Object.entries({ ...env, HOST: '127.0.0.1', PORT: port })
  const demo = launch({
    command: 'env',
    args: [
      ...settings.map(([name, value]) => `${name}=${value}`),
      process.execPath,
      `--import=${join(ROOT, 'apps/preload.mjs')}`,
      'apps/demo/main.ts',
      ...options
    ],
    cwd: ROOT
  })
  demo.child.stdout?.pipe(process.stdout)
  demo.child.stderr?.pipe(process.stderr)
  const isUp = () =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false
    )
  await until(async () => !demo.isRunning() || (await isUp()), Boolean, START_MS)
  if (!demo.isRunning()) process.exit(1)
  return { url, port, stop: () => demo.stop('SIGTERM', patienceOf(STOP_MS)) }
}
