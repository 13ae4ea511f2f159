import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { missing } from '#testing/programs.ts'
import { readText } from '#testing/sources.ts'

/** The unit is valid, gives the service few rights, and lets the server stop its PostgreSQL. */

const FILE = 'ops/systemd/fairlead.service'
const skip = missing('systemd-analyze')

/** The unit as a file, with a program that exists on this system. */
function placeUnit(t: { testdir(tree: Record<string, string>): string }): string {
  const unit = readText(FILE).replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`)
  return join(t.testdir({ 'fairlead.service': unit }), 'fairlead.service')
}

const analyze = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

t.test('systemd accepts the unit without a warning', { skip }, async (t) => {
  t.same(analyze('verify', '--man=no', placeUnit(t)), { status: 0, output: '' })
})

t.test('systemd counts little that a service could do', { skip }, async (t) => {
  // In tenths: an unconfined service has 96.
  const { status, output } = analyze(
    'security',
    '--offline=true',
    '--no-pager',
    '--threshold=20',
    placeUnit(t)
  )
  t.equal(status, 0, output)
})

t.test('a stop leaves the server time for its PostgreSQL, which the command line reaches', async (t) => {
  const unit = readText(FILE)
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1]
  t.equal(value('KillMode'), 'mixed')
  t.ok(Number(value('TimeoutStopSec')) > 15, 'SHUTDOWN_TIMEOUT_MS is 15 s')
  t.match(value('Environment'), `DATA_DIR=/var/lib/${value('StateDirectory')} `)
  t.match(
    value('Environment'),
    `TMPDIR=/run/${value('RuntimeDirectory')} `,
    'the command line reaches the socket'
  )
  const script = value('ExecStart')?.split(' ').at(-1)
  t.ok(script && readText(script), 'the program that it runs exists')
})
