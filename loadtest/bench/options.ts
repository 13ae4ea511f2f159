import { readCommandLine } from '#apps/command-line.ts'
import { type Case, makeCases } from './cases.ts'
import type { PairOptions } from './pairs.ts'

const number = { type: 'string', value: 'N', range: [1, 10_000] } as const

/** Reads the command line of `npm run bench`. Ends the program for `--help` and for wrong options. */
export function readOptions() {
  const { values } = readCommandLine({
    name: 'npm run bench --',
    summary: 'Measures what a request costs, in turns with bare servers or with another commit.',
    options: {
      only: {
        type: 'string',
        value: 'NAME,NAME',
        default: '',
        oneOf: makeCases([], []).map(({ name }) => name),
        isList: true,
        help: 'Only these cases'
      },
      against: {
        type: 'string',
        value: 'REF',
        help: 'Another commit of this repository instead of bare servers'
      },
      pairs: { ...number, help: 'Pairs of bursts of each case, spread over the starts' },
      starts: { ...number, help: 'How often all processes are started anew' },
      rounds: { ...number, help: 'Pairs of bursts of each start' },
      seconds: { ...number, range: [0.1, 600], isFraction: true, help: 'Length of a burst' },
      connections: { ...number, help: 'Connections, each with one request under way' },
      quick: { type: 'boolean', default: false, help: 'One start and two short rounds: shows that it works' },
      'cpu-prof': { type: 'boolean', default: false, help: 'Prints in which code the time goes' }
    }
  })
  const [pairs, starts, rounds, seconds, connections] = (
    ['pairs', 'starts', 'rounds', 'seconds', 'connections'] as const
  ).map((name) => (values[name] === undefined ? undefined : Number(values[name])))
  const isShort = values.quick || values['cpu-prof']

  /**
   * Returns the plan of `bench`. A case with a bar has at least 36 pairs, because medians of a dozen differ
   * by a tenth on a shared machine. Against another commit, where a hundredth matters, the pairs are spread
   * over more starts.
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
    /** The share of the warm-up for this run. */
    warmUpShare: values.quick ? 0.25 : 1,
    isWhole: !values.only && !values.against && !isShort,
    plan
  }
}

const AGAINST = { starts: 12, rounds: 3 }
