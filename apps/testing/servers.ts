import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'

/** Real servers of a test's own, which it may kill, freeze and start again. */

/**
 * For tap's `skip` option: false when `command` is installed, else why the test can't run. Throws in a run that must
 * have everything (REQUIRE_SERVERS).
 */
export function missing(command: string): false | string {
  const { error } = spawnSync(command, ['--version'], { stdio: 'ignore' })
  if (error === undefined) return false
  // biome-ignore lint/style/noProcessEnv: the test runner says by environment what it started
  if (process.env['REQUIRE_SERVERS']) throw new Error(`${command} is not installed`)
  return `${command} is not installed`
}

/** A Redis server of one test. It keeps its port and its folder over restarts. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Ends it at once, as `kill -9` or a power cut does. Resolves when it is gone. */
  kill(): Promise<void>
  /** Starts it again after {@link kill}. Resolves when it answers. */
  start(): Promise<void>
  /** Freezes it: connections stay open and nothing answers. */
  freeze(): void
  thaw(): void
}

/** Starts a Redis, removed with the test. With `aof` it fsyncs every write and has its data after a kill. */
export async function startRedis(t: Test, { aof = false } = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-redis-'))
  const port = await freePort()
  const flags = ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder, '--save', '']
  if (aof) flags.push('--appendonly', 'yes', '--appendfsync', 'always')
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    child = spawn('redis-server', flags, { stdio: 'ignore' })
    await untilAnswers(port)
  }
  async function kill(): Promise<void> {
    const running = child
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const gone = once(running, 'exit')
    running.kill('SIGKILL')
    await gone
  }

  t.teardown(async () => {
    await kill()
    await rm(folder, { recursive: true, force: true })
  })
  await start()
  return {
    url: `redis://127.0.0.1:${port}/0`,
    port,
    kill,
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT')
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Resolves when the Redis at `port` answers a ping, loading included. */
async function untilAnswers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (await pings(port)) return
    await wait(20)
  }
  throw new Error(`Redis does not answer at port ${port}`)
}

function pings(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (answer) => {
      done(answer.toString().startsWith('+PONG'))
      socket.destroy()
    })
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
  })
}
