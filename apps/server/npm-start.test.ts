import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { storageOf } from '#testing/app.ts'
import { ROOT } from '#testing/sources.ts'

/** `npm start` with the real npm, which forwards signals to its own child only. */

/** Starts npm and waits until the server listens. npm leads a process group, like a command on a terminal. */
async function startNpm(
  t: Test
): Promise<{ npm: ChildProcess; output(): string; exited: Promise<unknown[]> }> {
  // biome-ignore lint/style/noProcessEnv: npm is where the system's PATH says
  const { PATH = '' } = process.env
  const env = { PATH, HOST: '127.0.0.1', PORT: '0', ...(await storageOf(t, 'alone')) }
  const npm = spawn('npm', ['start'], { cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => {
    if (npm.pid === undefined || npm.exitCode !== null) return
    for (const pid of [...listDescendants(npm.pid), npm.pid]) process.kill(pid, 'SIGKILL')
  })
  let output = ''
  const exited = once(npm, 'close')
  npm.stderr.setEncoding('utf8').on('data', (chunk) => {
    output += chunk
  })
  await new Promise<void>((done, fail) => {
    npm.stdout.setEncoding('utf8').on('data', (chunk) => {
      output += chunk
      if (output.includes('"msg":"listening"')) done()
    })
    exited.then(() => fail(new Error(output)))
  })
  return { npm, output: () => output, exited }
}

function listDescendants(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  const childrenOf = (parent: number): number[] =>
    pairs.filter(([, ppid]) => ppid === parent).flatMap(([child = 0]) => [child, ...childrenOf(child)])
  return childrenOf(pid)
}

const isRunning = (pid: number) => spawnSync('ps', ['-p', String(pid)]).status === 0

for (const [name, send] of [
  ['SIGTERM to npm', ({ pid = 0 }: ChildProcess) => process.kill(pid, 'SIGTERM')],
  ['Ctrl+C, which reaches npm and the server', ({ pid = 0 }: ChildProcess) => process.kill(-pid, 'SIGINT')]
] as const)
  t.test(`${name} closes the server in good order and leaves no process`, async (t) => {
    const { npm, output, exited } = await startNpm(t)
    const started = listDescendants(npm.pid ?? 0)
    t.equal(started.length, 1, 'npm and the server, without a shell between them')
    send(npm)
    t.same(await exited, [0, null])
    t.match(output(), /"msg":"closed"/)
    t.same(started.filter(isRunning), [])
  })
