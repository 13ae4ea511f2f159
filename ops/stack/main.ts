import { rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { ROOT } from '#testing/sources.ts'
import { provision } from './provision.ts'
import { defaultFolder, type Stack, startStack } from './stack.ts'

/**
 * `npm run stack`: the system as it runs in production, on this machine and without containers. `--replicas 6`, `--port
 * 3000` for nginx, `--state data/stack`, `--light` without what watches, `--provision` installs what is missing on Debian.
 * While it runs, from another terminal: `npm run stack -- status`, `rolling-restart`, `stop`. Ctrl+C stops it all.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    replicas: { type: 'string', default: '6' },
    port: { type: 'string', default: '3000' },
    state: { type: 'string', default: defaultFolder(ROOT) },
    light: { type: 'boolean', default: false },
    provision: { type: 'boolean', default: false }
  }
})
const socketPath = join(values.state, 'control.sock')

async function main(): Promise<void> {
  const [command] = positionals
  if (values.provision) return provision()
  if (command === undefined) return run()
  if (!['status', 'rolling-restart', 'stop'].includes(command))
    throw new Error(`There is no ${command}: status, rolling-restart or stop`)
  process.stdout.write(await control(command))
}

/** Runs the stack until a signal or `stop`. */
async function run(): Promise<void> {
  const [replicas, port] = [Number(values.replicas), Number(values.port)]
  if (!(replicas >= 1 && replicas <= 50)) throw new Error('--replicas takes a number from 1 to 50')
  if (!(port >= 0 && port <= 65_535))
    throw new Error('--port takes a number from 0 to 65535; 0 picks a free one')
  if (await control('status').then(Boolean, () => false))
    throw new Error(`A stack runs in ${values.state} already: npm run stack -- status`)
  const start = performance.now()
  const isLight = values.light
  const stack = await startStack({ folder: values.state, replicas, isLight, ...(port > 0 && { port }) })
  let isStopping = false
  const stop = async () => {
    if (isStopping) return
    isStopping = true
    server.close()
    process.stdout.write('stopping\n')
    await stack.stop()
    process.exit(0)
  }
  const server = listen(stack, stop)
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const seconds = ((performance.now() - start) / 1_000).toFixed(1)
  process.stdout.write(`${tabulate(stack)}\nup after ${seconds} s at ${stack.url}; Ctrl+C stops it\n`)
}

/** Listens to other terminals. */
function listen(stack: Stack, stop: () => Promise<void>) {
  const server = createServer(async (request, response) => {
    try {
      if (request.url === '/status') response.end(tabulate(stack))
      else if (request.url === '/stop') {
        response.end('stopping\n')
        void stop()
      } else if (request.url === '/rolling-restart') {
        await stack.rollingRestart((step) => response.write(`${step}\n`))
        response.end('all replicas were restarted\n')
      } else response.writeHead(404).end()
    } catch (error) {
      response.end(`failed: ${(error as Error).message}\n`)
    }
  })
  void rm(socketPath, { force: true }).then(() => server.listen(socketPath))
  return server
}

function control(command: string): Promise<string> {
  return new Promise((done, fail) => {
    request({ socketPath, path: `/${command}` }, (response) => text(response).then(done, fail))
      .once('error', () => fail(new Error(`No stack runs in ${values.state}`)))
      .end()
  })
}

function tabulate({ units, watchers }: Stack): string {
  const rows = units.map(({ unit, state, pid, restarts }) => [
    unit.name,
    state,
    unit.url,
    `${pid ?? ''}`,
    `${restarts}`
  ])
  if (watchers) rows.push(['discord stand-in', 'up', watchers.discord.webhookUrl, `${process.pid}`, ''])
  const table = [['name', 'state', 'address', 'pid', 'restarts'], ...rows]
  const widths = table[0]?.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0))) ?? []
  return table
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`
    )
    .join('')
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
