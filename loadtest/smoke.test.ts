import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { browserTest } from '#testing/browser.ts'
import { makeFolder } from '#testing/folder.ts'
import { missing } from '#testing/programs.ts'
import { ROOT } from '#testing/sources.ts'

/** Runs each program of the load tests to its end with minimal load: tests that it works, not its figures. */

const skip = missing('postgres') || missing('redis-server') || missing('nginx') || missing('psql')

const RUNS: [program: string, args: string[], says: RegExp][] = [
  [
    'bench',
    ['--quick', '--only', 'embedded-single', '--pairs', '1', '--seconds', '0.5'],
    /one request at a time[\s\S]*results\/local\/bench/
  ],
  ['clicks', ['--backlog', '2000'], /clicks stored[\s\S]*results\/local\/clicks/],
  [
    'scale',
    ['--max', '10000', '--seconds', '0.3', '--rounds', '1'],
    /GET \/stats[\s\S]*results\/local\/scale/
  ],
  [
    'load',
    ['smoke', '--seconds', '1', '--replicas', '1'],
    /\| smoke \|[\s\S]*\| 0 \|[\s\S]*results\/local\/load-smoke/
  ],
  ...(browserTest.skip
    ? []
    : ([
        [
          'dashboard',
          ['--links', '200', '--clicks', '200', '--rounds', '1', '--changes', '12'],
          /heap after 12 page changes[\s\S]*results\/local\/dashboard/
        ]
      ] satisfies [string, string[], RegExp][])),
  ['import.ts', ['--rows', '2000', '--rounds', '1'], /rows\/s/]
]

function start(t: Test, program: string, args: string[], env: Record<string, string> = {}) {
  const main = program.endsWith('.ts') ? program : `${program}/main.ts`
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const command = [...settings, process.execPath, `loadtest/${main}`, ...args]
  const child = spawn('env', command, { cwd: ROOT })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** Runs a program to its end. */
async function run(t: Test, program: string, args: string[], env?: Record<string, string>) {
  const child = start(t, program, args, env)
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close')
  ])
  return { output, errors, code }
}

for (const [program, args, says] of RUNS) {
  t.test(`${program} runs to its end`, { skip }, async (t) => {
    const { output, errors, code } = await run(t, program, args)
    // A load slower than its profile has run to its end too.
    t.ok(code === 0 || (program === 'load' && code === 1), errors)
    t.match(output, says)
  })
}

const listCheckouts = async (folder: string) =>
  (await readdir(folder)).filter((name) => name.startsWith('fairlead-checkout'))

t.test('bench measures another commit alternately and removes its folder', { skip }, async (t) => {
  const TMPDIR = await makeFolder(t)
  const args = ['--quick', '--only', 'hit-worker', '--against', 'HEAD', '--pairs', '1', '--seconds', '0.5']
  const { output, errors, code } = await run(t, 'bench', args, { TMPDIR })
  t.equal(code, 0, errors)
  t.match(output, /1 pairs with [0-9a-f]{7,}: rps × \d/)
  t.same(await listCheckouts(TMPDIR), [])
})

t.test('bench removes the folder of the other commit on Ctrl+C', { skip }, async (t) => {
  const TMPDIR = await makeFolder(t)
  const child = start(t, 'bench', ['--only', 'hit-worker', '--against', 'HEAD'], { TMPDIR })
  await once(child.stdout, 'data')
  t.equal((await listCheckouts(TMPDIR)).length, 1)
  child.kill('SIGINT')
  t.same(await once(child, 'close'), [130, null])
  t.same(await listCheckouts(TMPDIR), [])
})

t.test('bench prints its usage and refuses unknown options and commits', async (t) => {
  t.match(await run(t, 'bench', ['--help']), { output: /--against REF/, errors: '', code: 0 })
  t.match(await run(t, 'bench', ['--nothing']), {
    output: '',
    errors: /^There is no option --nothing[^\n]*\nUsage: /,
    code: 2
  })
  const unknown = await run(t, 'bench', ['--against', 'no-such-commit'])
  t.match(unknown, { output: '', errors: /^no-such-commit is no commit[^\n]*\n$/, code: 2 })
})
