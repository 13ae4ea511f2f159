import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { missing } from '#testing/programs.ts'
import { ROOT } from '#testing/sources.ts'

/** Each program of the load tests, run to its end on as little as it takes: that it works, not what it measures. */

const skip = missing('postgres') || missing('redis-server') || missing('nginx') || missing('psql')

const RUNS: [program: string, args: string[], says: RegExp][] = [
  [
    'bench',
    ['--only', 'hit-worker,miss', '--starts', '1', '--rounds', '1', '--seconds', '0.5'],
    /miss to PostgreSQL[\s\S]*results\/local\/bench/
  ],
  ['clicks', ['--seconds', '1', '--backlog', '2000'], /pile, then worker[\s\S]*results\/local\/clicks/],
  [
    'scale',
    ['--max', '10000', '--seconds', '0.3', '--rounds', '1'],
    /GET \/stats[\s\S]*results\/local\/scale/
  ],
  ['load', ['smoke', '--seconds', '1', '--replicas', '1'], /failures +0[\s\S]*results\/local\/load-smoke/],
  ['import.ts', ['--rows', '2000', '--rounds', '1'], /rows\/s/]
]

for (const [program, args, says] of RUNS) {
  t.test(`${program} runs to its end`, { skip }, async (t) => {
    const main = program.endsWith('.ts') ? program : `${program}/main.ts`
    // Without tap's module hooks, as it is run by hand.
    const command = ['-u', 'NODE_OPTIONS', process.execPath, `loadtest/${main}`, ...args]
    const child = spawn('env', command, { cwd: ROOT })
    t.teardown(() => child.kill('SIGKILL'))
    const [output, errors, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close')
    ])
    // A load that was slower than its profile asks for has run to its end too.
    t.ok(code === 0 || (program === 'load' && code === 1), errors)
    t.match(output, says)
  })
}
