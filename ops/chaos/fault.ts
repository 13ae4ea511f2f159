import type { Stack } from '#ops/stack/stack.ts'
import type { RequestKind } from './ledger.ts'
import type { Load } from './load.ts'
import type { Network } from './network.ts'

/** A fault is data and a function that causes it. */

/** `plain`: programs connect directly. `linked`: through links, with data on small separate disks. */
export type TestbedName = 'plain' | 'linked'

export interface Fault {
  /** In kebab-case; `--only` takes it. */
  name: string
  /** The fault, and what ends it. */
  what: string
  testbed: TestbedName
  /** True if the short run includes it. */
  isSmoke?: boolean
  /** Why this machine can't run it; null when it can. */
  isImpossible?(): string | null
  /**
   * Kinds of requests that may fail during the fault, and why that is unavoidable. No other request may fail,
   * and none after the fault.
   */
  mayFail?: { kinds: readonly RequestKind[]; because: string }
  /** Alerts that must reach Discord. */
  alerts?: readonly string[]
  /** Longest time from its end until all programs are up and no request fails. */
  recoverWithinMs?: number
  /** Causes the fault and undoes it. Resolves when the fault has ended. Throws if it could not be caused. */
  run(context: Context): Promise<void>
}

/** What a fault works with. */
export interface Context {
  readonly stack: Stack
  /** The folder with the data and logs of the stack. */
  readonly folder: string
  readonly load: Load
  /** Null on the plain testbed. */
  readonly network: Network | null
  /** Runs a statement on the database directly, bypassing the links. */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>
  /** Runs a command on Redis directly, bypassing the links. */
  redis(command: string, ...args: (string | number)[]): Promise<unknown>
  /** Waits `ms`, and then up to a minute for the expected alerts. */
  hold(ms: number): Promise<void>
  /** Waits until `isSo` is true. Throws, with `what`, if it is not within `ms`. */
  until(what: string, isSo: () => Promise<boolean> | boolean, ms?: number): Promise<void>
  /** Records an invariant of this fault, in addition to the common ones. */
  check(what: string, holds: boolean): void
  /** Records a figure for the report. */
  note(what: string): void
}
