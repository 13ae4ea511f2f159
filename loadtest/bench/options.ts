import { readNumber, readOptions } from '#loadtest/command-line.ts'
import type { Case } from './cases.ts'
import type { PairOptions } from './pairs.ts'

const USAGE = `npm run bench -- [options]
Measures what a request costs, in turns with bare servers or with another commit.

  --only NAMES       cases, separated by commas; all when left out
  --against REF      measure another commit of this repository instead of bare servers
  --pairs N          pairs of bursts of each case, spread over the starts
  --starts N         how often all processes are started anew
  --rounds N         pairs of bursts of each start
  --seconds N        length of a burst
  --connections N    connections, each with one request under way
  --quick            one start and two short rounds: shows that it works
  --cpu-prof         print in which code the time goes
  --help             print this
`
const number = { type: 'string' } as const

/** Reads the command line of `npm run bench`. Ends the program for `--help` and for wrong options. */
export function readCommandLine() {
  const values = readOptions(USAGE, {
    only: { type: 'string', default: '' },
    against: { type: 'string' },
    pairs: number,
    starts: number,
    rounds: number,
    seconds: number,
    connections: number,
    quick: { type: 'boolean', default: false },
    'cpu-prof': { type: 'boolean', default: false }
  })
  const [pairs, starts, rounds, seconds, connections] = (
    ['pairs', 'starts', 'rounds', 'seconds', 'connections'] as const
  ).map((name) => readNumber(name, values[name]))
  const isShort = values.quick || values['cpu-prof']

  /**
   * How `bench` is measured. A case with a bar has at least 36 pairs: the medians of a dozen differ by a tenth on a shared
   * machine. Against another commit, where a hundredth counts, they are spread over more starts.
   */
  function plan(bench: Case): PairOptions {
    const { connections: ofCase, ...more } = bench.plan ?? {}
    const plan: Partial<PairOptions> = values.quick ? {} : more
    const usual = values.against === undefined ? { starts: 4, rounds: bench.bars ? 9 : 3 } : AGAINST
    const ofStarts = starts ?? (isShort ? 1 : (plan.starts ?? usual.starts))
    const most = Math.min(ofStarts, pairs ?? ofStarts)
    return {
      starts: most,
      rounds: rounds ?? (pairs ? Math.ceil(pairs / most) : values.quick ? 2 : (plan.rounds ?? usual.rounds)),
      seconds: seconds ?? (values.quick ? 1.5 : (plan.seconds ?? 1)),
      connections: connections ?? ofCase ?? 100
    }
  }

  return {
    only: values.only.split(',').filter(Boolean),
    against: values.against,
    cpuProf: values['cpu-prof'],
    /** The part of the warm-up that a run takes. */
    warmUpShare: values.quick ? 0.25 : 1,
    isWhole: !values.only && !values.against && !isShort,
    plan
  }
}

const AGAINST = { starts: 12, rounds: 3 }
