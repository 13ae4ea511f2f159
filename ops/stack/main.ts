import { rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { readCommandLine } from '#apps/command-line.ts'
import { ROOT } from '#testing/sources.ts'
import { provision } from './provision.ts'
import { defaultFolder, type Stack, startStack } from './stack.ts'

/** `npm run stack`: the system as it runs in production, on this machine and without containers. */
const { values, words } = readCommandLine({
  name: 'npm run stack --',
  summary: `Runs the system as in production on this machine, without containers, until Ctrl+C. With a COMMAND, from another
terminal, it asks the stack that runs.`,
  words: [
    {
      name: 'COMMAND',
      isOptional: true,
      oneOf: ['status', 'rolling-restart', 'stop'],
      help: 'status, rolling-restart or stop'
    }
  ],
  options: {
    replicas: { type: 'string', value: 'N', default: '6', range: [1, 50], help: 'Servers behind nginx' },
    port: {
      type: 'string',
      value: 'PORT',
      default: '3000',
      range: [0, 65_535],
      help: 'Port of nginx; 0 picks a free one'
    },
    state: { type: 'string', value: 'DIR', default: defaultFolder(ROOT), help: 'Folder of its files' },
    light: { type: 'boolean', default: false, help: 'Leaves out monitoring (Prometheus, Alertmanager)' },
    scaled: {
      type: 'boolean',
      default: false,
      help: 'Shortens the times of alerts from minutes to seconds'
    },
    provision: {
      type: 'boolean',
      default: false,
      help: 'Installs missing programs on Debian or Ubuntu, and exits'
    }
  }
})
const socketPath = join(values.state, 'control.sock')

async function main(): Promise<void> {
  const [command] = words
  if (values.provision) return provision()
  if (command === undefined) return run()
  process.stdout.write(await control(command))
}

/** Runs the stack until a signal or `stop`. */
async function run(): Promise<void> {
  const [replicas, port] = [Number(values.replicas), Number(values.port)]
  if (await control('status').then(Boolean, () => false))
    throw new Error(`A stack runs in ${values.state} already: npm run stack -- status`)
  const start = performance.now()
  const { state: folder, light: isLight, scaled: isScaled } = values
  const stack = await startStack({ folder, replicas, isLight, isScaled, ...(port > 0 && { port }) })
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

/** Accepts commands from other terminals. */
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
