import { markdownTable } from '#loadtest/results.ts'
import type { Audit } from './audit.ts'
import type { Count, RequestKind } from './ledger.ts'

/** The results of the faults, for people and for machines. */

export interface Invariant {
  what: string
  holds: boolean
}

export interface Score {
  name: string
  what: string
  verdict: 'held' | 'broken' | 'not run'
  invariants: Invariant[]
  /** Figures for the report, or the reason why it was not run. */
  notes: string[]
  seconds?: number
  recoverySeconds?: number
  counts?: Readonly<Record<RequestKind, Count>>
  audit?: Audit
  /** Of successful requests, in milliseconds. */
  p99?: number
  slowest?: number
  /** Seconds until each alert arrived. */
  arrivals?: Readonly<Record<string, number | null>>
  otherAlerts?: readonly string[]
  failures?: readonly string[]
}

/** A run, with the machine and versions it ran on. */
export interface Run {
  measuredAt: string
  cores: number
  node: string
  replicas: number
  requestsPerSecond: number
  connections: number
  minutes: number
  scores: readonly Score[]
}

/** Returns the run with `scores` in place of those of the same faults, and new ones at the end. */
export function renew(run: Run, scores: readonly Score[]): Run {
  const all = new Map([...run.scores, ...scores].map((score) => [score.name, score]))
  return { ...run, scores: [...all.values()] }
}

/** Combines several runs of one fault: the first that broke, else the last. Throws without a run. */
export function combine(rounds: readonly Score[]): Score {
  const score = rounds.find(({ verdict }) => verdict === 'broken') ?? rounds.at(-1)
  if (score === undefined) throw new Error('there is no run to score')
  const held = rounds.filter(({ verdict }) => verdict === 'held').length
  const note = rounds.length === 1 ? [] : [`It held ${held} of ${rounds.length} times`]
  return { ...score, notes: [...score.notes, ...note] }
}

const HEADINGS = [
  'fault',
  'verdict',
  'follow failed',
  'fresh failed',
  'create failed',
  'answers',
  'events',
  'unheard',
  'lost',
  'twice',
  'recovery s',
  'alerts heard after s'
]

/** The table of all faults, in Markdown. */
export function tabulate(scores: readonly Score[]): string {
  return markdownTable(HEADINGS, scores.map(rowOf))
}

/** The table, the faults, the broken invariants, and the machine of the run. */
export function describe({ scores, ...on }: Run): string {
  const total = (verdict: Score['verdict']) => scores.filter((score) => score.verdict === verdict).length
  const lines = scores.map(
    ({ name, what, notes }) => `- \`${name}\`: ${what}${notes.map((note) => ` ${note}.`).join('')}`
  )
  const broken = scores.flatMap(({ name, invariants }) =>
    invariants.filter(({ holds }) => !holds).map(({ what }) => `- \`${name}\`: not so: ${what}`)
  )
  return [
    `${scores.length} faults: ${total('held')} held, ${total('broken')} broken, ${total('not run')} not run.`,
    tabulate(scores),
    ...(broken.length > 0 ? [broken.join('\n')] : []),
    lines.join('\n'),
    `${on.requestsPerSecond} requests a second over ${on.connections} connections, ${on.replicas} replicas, ${on.cores} shared cores, Node ${on.node}: ${on.minutes} minutes in all.`
  ].join('\n\n')
}

/** One line for a fault, and below it the broken invariants, for a terminal. */
export function format(score: Score): string {
  const { name, verdict, seconds = 0, recoverySeconds = 0, invariants, notes, failures = [] } = score
  const head = `${verdict.padEnd(8)} ${name.padEnd(30)} ${seconds.toFixed(1)} s, recovery ${recoverySeconds.toFixed(1)} s`
  const broken = invariants.filter(({ holds }) => !holds).map(({ what }) => `  not so: ${what}`)
  const details = broken.length > 0 ? failures.slice(0, 5).map((failure) => `  ${failure}`) : []
  return [head, ...broken, ...details, ...notes.map((note) => `  ${note}`), ''].join('\n')
}

function rowOf({ name, verdict, counts, audit, recoverySeconds, arrivals = {} }: Score): string[] {
  const failed = (kind: RequestKind) => (counts ? `${counts[kind].failed} of ${counts[kind].asked}` : '')
  const heard = Object.entries(arrivals).map(([alert, after]) => `${alert} ${after?.toFixed(0) ?? 'never'}`)
  return [
    name,
    verdict,
    failed('follow'),
    failed('fresh'),
    failed('create'),
    `${audit?.answers ?? ''}`,
    `${audit?.events ?? ''}`,
    `${audit?.unheard ?? ''}`,
    `${audit?.lost ?? ''}`,
    `${audit?.duplicates ?? ''}`,
    recoverySeconds?.toFixed(1) ?? '',
    heard.join(', ')
  ]
}
