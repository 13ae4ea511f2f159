import { spawnSync } from 'node:child_process'
import t from 'tap'
import manifest from '#package.json' with { type: 'json' }
import { parseCommandLine } from './command-line.ts'

const program = {
  name: 'npm run trial --',
  summary: 'Tries.',
  words: [
    { name: 'COMMAND', oneOf: ['status', 'stop'], help: 'What to do' },
    { name: 'DIR', isOptional: true }
  ],
  options: {
    replicas: { type: 'string', value: 'N', default: '3', range: [1, 50], help: 'Servers' },
    seconds: { type: 'string', value: 'N', range: [0.1, 9], isFraction: true, help: 'Length' },
    mode: { type: 'string', value: 'MODE', oneOf: ['light', 'full'], help: 'How' },
    quick: { type: 'boolean', default: false, help: 'Shorter' }
  }
} as const

t.test('returns values and words, with defaults', async (t) => {
  t.match(parseCommandLine(program, ['stop']), {
    values: { replicas: '3', quick: false },
    words: ['stop']
  })
  const args = ['--quick', '--replicas=5', 'stop', '--seconds', '1.5', '--mode', 'light', 'folder']
  t.match(parseCommandLine(program, args), {
    values: { replicas: '5', quick: true, seconds: '1.5', mode: 'light' },
    words: ['stop', 'folder']
  })
  t.same(parseCommandLine(program, ['stop', '--', '--quick']).words, ['stop', '--quick'])
})

t.test('refuses wrong usage and suggests the nearest name', async (t) => {
  const wrong: [string[], RegExp][] = [
    [[], /^COMMAND is missing$/],
    [['stat'], /^There is no command stat; did you mean status\?$/],
    [['toString'], /^There is no command toString; there is status, stop$/],
    [['stop', 'a', 'b'], /^b is one word too many$/],
    [['stop', '--replcias', '3'], /^There is no option --replcias; did you mean --replicas\?$/],
    [['stop', '--rep'], /did you mean --replicas/],
    [['stop', '--hlep'], /did you mean --help/],
    [['stop', '-q'], /^There is no option -q; did you mean --quick/],
    [['stop', '--toString'], /^There is no option --toString/],
    [['stop', '--quick=yes'], /^--quick takes no value$/],
    [['stop', '--replicas'], /^--replicas needs a value: --replicas N$/],
    [['stop', '--replicas='], /needs a value/],
    [['stop', '--replicas', '--quick'], /^--replicas needs a value/],
    [['stop', '--replicas', '51'], /^--replicas takes a whole number from 1 to 50, not 51$/],
    [['stop', '--replicas', '2.5'], /whole number/],
    [['stop', '--replicas=-1'], /not -1/],
    [['stop', '--seconds', '1e3'], /takes a number from 0.1 to 9/],
    [['stop', '--mode', 'ligth'], /^There is no value of --mode ligth; did you mean light\?$/],
    [['st\u001b[2Jop'], /^There is no command st\?\[2Jop/]
  ]
  for (const [args, message] of wrong)
    t.throws(() => parseCommandLine(program, args), { name: 'UsageError', message }, args.join(' '))
})

t.test('every program answers --help and --version, and refuses an unknown option', async (t) => {
  const loads = ['bench', 'load', 'scale'].map((name) => `loadtest/${name}/main.ts`)
  for (const main of ['apps/cli/main.ts', 'ops/stack/main.ts', 'ops/chaos/main.ts', ...loads]) {
    const run = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
    t.match(run('--help'), { status: 0, stdout: /^Usage: npm run [\s\S]*--help +Shows/, stderr: '' }, main)
    t.match(run('--version'), { status: 0, stdout: `${manifest.version}\n`, stderr: '' }, main)
    t.match(
      run('--hepl'),
      { status: 2, stdout: '', stderr: /--hepl; did you mean --help\?\nUsage: npm run/ },
      main
    )
  }
})
