import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { makeFolder } from '#testing/folder.ts'
import { until } from '#testing/until.ts'
import { createSupervisor, type Time, type Unit } from './supervisor.ts'

/** Programs that end, hang and refuse to end, with a test clock. */

/** A clock that the test moves, and sleeps that end at once; `pauses` records their durations. */
function createClock() {
  const pauses: number[] = []
  const hands = { ms: 0 }
  const time: Time = {
    now: () => hands.ms,
    async sleep(ms) {
      pauses.push(ms)
      await setImmediate()
    }
  }
  return { pauses, hands, time }
}

/** Supervises a shell script that is ready when the file `ready` exists; it stops with the test. */
async function supervise(t: Test, script: string, time?: Time) {
  const folder = await makeFolder(t)
  const supervisor = await createSupervisor(folder, time)
  const unit: Unit = {
    name: 'program',
    url: 'nowhere',
    command: 'sh',
    args: ['-c', script],
    cwd: folder,
    stopSignal: 'SIGTERM',
    isReady: async () => existsSync(join(folder, 'ready'))
  }
  const program = supervisor.add(unit)
  t.teardown(async () => {
    await program.stop()
  })
  return { folder, program, log: () => readFileSync(join(folder, 'logs', 'program.log'), 'utf8') }
}

t.test('a program that ends is restarted, after pauses that grow to five seconds', async (t) => {
  const clock = createClock()
  const script = 'echo run | tee -a runs; [ $(wc -l < runs) -lt 9 ] && exit 1; touch ready; exec sleep 1000'
  const { program, log } = await supervise(t, script, clock.time)
  await program.start()
  t.same([program.state, program.restarts], ['up', 8], 'a start lasts until it answers')
  t.same(clock.pauses.splice(0), [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
  await until(() => log().match(/^run$/gm)?.length === 9)

  program.signal('SIGKILL')
  await until(() => program.restarts === 9 && program.state === 'up')
  t.same(clock.pauses.splice(0), [5_000], 'it ended at once again')
  clock.hands.ms += 10_001
  program.signal('SIGKILL')
  await until(() => program.restarts === 10 && program.state === 'up')
  t.same(clock.pauses, [100], 'it had run for long: the pause is short again')
})

t.test('a start without an answer fails with the end of the log', async (t) => {
  const { hands, time } = createClock()
  // Each reading of the clock takes a second.
  const hasty = { ...time, now: () => (hands.ms += 1_000) }
  const { program } = await supervise(t, 'echo cannot bind; exec sleep 1000', hasty)
  await t.rejects(program.start(), /program does not answer at nowhere:\ncannot bind/)
  await program.stop()

  const supervisor = await createSupervisor(await makeFolder(t), hasty)
  const absent = supervisor.add({ ...program.unit, name: 'absent', command: '/nowhere/absent' })
  await t.rejects(absent.start(), /absent does not answer/)
  t.equal(await absent.stop(), null)
})

t.test('a program stopped while it waits for a restart stays stopped', async (t) => {
  const asleep = (_ms: number, signal: AbortSignal) =>
    once(signal, 'abort').then(() => Promise.reject(signal.reason))
  const { program, folder } = await supervise(t, 'echo run >> runs; touch ready; read -r _ < /dev/null', {
    now: () => 0,
    sleep: asleep
  })
  void program.start()
  await until(() => program.state === 'waiting')
  t.equal(program.pid, undefined)
  t.equal(await program.stop(), null, 'it was not running')
  t.equal(program.state, 'stopped')
  t.equal(readFileSync(join(folder, 'runs'), 'utf8'), 'run\n')
})

t.test('a stopped program is not restarted, and one that refuses to end is killed', async (t) => {
  const polite = await supervise(t, 'trap "exit 7" TERM; touch ready; while :; do sleep 0.01; done')
  await polite.program.start()
  t.same(await polite.program.stop(), { code: 7, signal: null })
  t.same([polite.program.state, polite.program.restarts], ['stopped', 0])

  await t.test('with its helpers', async (t) => {
    const clock = createClock()
    const script = 'trap "" TERM; sleep 1000 & echo $! > helper; touch ready; while :; do sleep 0.01; done'
    const { program, folder } = await supervise(t, script, clock.time)
    await program.start()
    const helper = Number(readFileSync(join(folder, 'helper'), 'utf8'))
    t.same(await program.stop(), { code: null, signal: 'SIGKILL' })
    t.same(clock.pauses, [25_000])
    await until(() => !isAlive(helper))
  })
})

t.test('killing the supervisor kills its programs', async (t) => {
  const folder = await makeFolder(t)
  const script = `
    import { createSupervisor } from ${JSON.stringify(join(import.meta.dirname, 'supervisor.ts'))}
    const supervisor = await createSupervisor(${JSON.stringify(folder)})
    const program = supervisor.add({
      name: 'sleeper', url: '', command: 'sleep', args: ['1000'], stopSignal: 'SIGTERM', isReady: async () => true
    })
    await program.start()
    console.log(program.pid)
    setInterval(() => undefined, 1_000)`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script])
  t.teardown(() => owner.kill('SIGKILL'))
  const [line] = await once(owner.stdout, 'data')
  const pid = Number(`${line}`)
  t.ok(isAlive(pid))
  owner.kill('SIGKILL')
  await until(() => !isAlive(pid))
})

/** True if a process runs and is not a zombie. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
