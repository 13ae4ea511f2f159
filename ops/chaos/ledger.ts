import { createLatencies, type Latencies } from '#loadtest/latencies.ts'
import type { Answer, NoAnswer } from './client.ts'

/** The ledger of one fault: its requests and their answers. */

/**
 * `follow`: follows a link that every replica knows. `fresh`: follows a link created a moment ago. `create`:
 * creates a link.
 */
export type RequestKind = 'follow' | 'fresh' | 'create'

export const KINDS: readonly RequestKind[] = ['follow', 'fresh', 'create']

export interface Entry {
  kind: RequestKind
  /** Number of times the request was sent. */
  sends: number
  isAnswered: boolean
}

export interface Count {
  asked: number
  failed: number
}

export interface Ledger {
  /** The prefix of every id. */
  readonly label: string
  readonly entries: readonly Entry[]
  readonly counts: Readonly<Record<RequestKind, Count>>
  /** The ids of created links. */
  readonly created: number[]
  /** The first failures, as text. */
  readonly failures: readonly string[]
  /** Time of the last failure on the performance clock; 0 if none. */
  readonly lastFailureAt: number
  /** Latencies of the successful requests. */
  readonly latencies: Latencies
  /** Records a request that is about to be sent and returns its number. */
  enter(kind: RequestKind): number
  /** Records the answer of a request, which succeeded if `problem` is null. */
  answered(number: number, answer: Answer, problem: string | null): void
  unanswered(number: number, error: NoAnswer): void
}

const MAX_FAILURES = 20

/** Creates a ledger. */
export function openLedger(label: string): Ledger {
  const entries: Entry[] = []
  const count = () => ({ asked: 0, failed: 0 })
  const counts = { follow: count(), fresh: count(), create: count() }
  const failures: string[] = []
  const latencies = createLatencies()
  const start = performance.now()
  let lastFailureAt = 0

  function close(number: number, sends: number, problem: string | null): void {
    const entry = entries[number]
    if (!entry) throw new Error(`${label} has no request ${number}`)
    entry.sends = sends
    entry.isAnswered = problem === null
    if (problem === null) return
    counts[entry.kind].failed++
    lastFailureAt = performance.now()
    const at = ((lastFailureAt - start) / 1_000).toFixed(1)
    if (failures.length < MAX_FAILURES) failures.push(`${at} s ${entry.kind} ${number}: ${problem}`)
  }

  return {
    label,
    entries,
    counts,
    created: [],
    failures,
    latencies,
    get lastFailureAt() {
      return lastFailureAt
    },
    enter(kind) {
      counts[kind].asked++
      return entries.push({ kind, sends: 1, isAnswered: false }) - 1
    },
    answered(number, { sends, ms }, problem) {
      close(number, sends, problem)
      if (problem === null) latencies.add(ms)
    },
    unanswered: (number, { sends, message }) => close(number, sends, message)
  }
}
