import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { makeFolder } from '#testing/folder.ts'
import { missing } from '#testing/programs.ts'

/** `npm run stack`, used from two terminals. */

const skip = missing('postgres') || missing('redis-server') || missing('nginx')

interface Row {
  state: string
  pid: number
  restarts: number
}

/** The rows of the table, by name. Throws if there is no table. */
function readTable(output: string): Map<string, Row> {
  const [head = '', ...lines] = output.split('\n').filter((line) => / {2}/.test(line))
  if (!/^name +state +address +pid +restarts$/.test(head)) throw new Error(`No table: ${output}`)
  return new Map(
    lines.map((line) => {
      const [name = '', state = '', , pid, restarts] = line.split(/ {2,}/)
      return [name, { state, pid: Number(pid), restarts: Number(restarts) }]
    })
  )
}

/** The processes of the group with the leader `pid`, except zombies. */
function findGroup(pid: number): string[] {
  return readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false
    try {
      const [, state, , group] = /\) (\S) (\d+) (\d+)/.exec(readFileSync(`/proc/${entry}/stat`, 'utf8')) ?? []
      return Number(group) === pid && state !== 'Z' && state !== 'X'
    } catch {
      return false
    }
  })
}

/** Starts the command; returns the process and its output so far. */
function run(t: Test, state: string, args: string[]): { child: ChildProcess; output(): string } {
  const main = join(import.meta.dirname, 'main.ts')
  const child = spawn(process.execPath, [main, '--state', state, ...args], {
    stdio: ['ignore', 'pipe', 'pipe']
  })
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk) => {
      output += chunk
    })
  return { child, output: () => output }
}

t.test('it shows which programs run, restarts dead ones, and leaves nothing behind', { skip }, async (t) => {
  const folder = await makeFolder(t)
  const log = async (...args: string[]) => {
    const { child, output } = run(t, folder, args)
    await once(child, 'close')
    return output()
  }
  const { child: stack, output } = run(t, folder, ['--light', '--replicas', '2', '--port', '0'])
  while (!/up after .*Ctrl\+C stops it/.test(output())) {
    if (stack.exitCode !== null) throw new Error(output())
    await wait(20)
  }

  const before = readTable(output())
  t.same([...before.keys()], ['postgres', 'redis', 'replica-1', 'replica-2', 'worker', 'nginx'])
  for (const [name, { state, pid, restarts }] of before) {
    t.same([state, restarts], ['up', 0], name)
    t.ok(findGroup(pid).length > 0, `${name} runs as ${pid}`)
  }
  t.match(await log(), `A stack runs in ${folder} already`)

  const victims = ['redis', 'replica-1']
  for (const name of victims) process.kill(before.get(name)?.pid ?? 0, 'SIGKILL')
  let now: Map<string, Row>
  do now = readTable(await log('status'))
  while (victims.some((name) => now.get(name)?.restarts !== 1 || now.get(name)?.state !== 'up'))
  for (const [name, { pid, restarts }] of now) {
    const isVictim = victims.includes(name)
    t.same([pid !== before.get(name)?.pid, restarts], [isVictim, isVictim ? 1 : 0], name)
  }
  t.match(
    await log('rolling-restart'),
    /replica-1 is back\n.*\nreplica-2 is back\nall replicas were restarted/
  )
  t.match(await log('dance'), /There is no command dance; there is status, rolling-restart, stop/)

  const last = readTable(await log('status'))
  stack.kill('SIGINT')
  t.same(await once(stack, 'exit'), [0, null])
  for (const rows of [before, now, last])
    for (const [name, { pid }] of rows) t.same(findGroup(pid), [], `nothing of ${name} is left`)
  t.match(await log('status'), `No stack runs in ${folder}`)
})
