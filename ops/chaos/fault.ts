import type { Stack } from '#ops/stack/stack.ts'
import type { RequestKind } from './ledger.ts'
import type { Load } from './load.ts'
import type { Network } from './network.ts'

/** What a fault is: data, and a function that does it. */

/** `plain`: programs reach each other directly. `linked`: through links, with data on small disks of their own. */
export type TestbedName = 'plain' | 'linked'

export interface Fault {
  /** In kebab-case; `--only` takes it. */
  name: string
  /** What is done, and what ends it. */
  what: string
  testbed: TestbedName
  /** Part of the short run. */
  isSmoke?: boolean
  /** Why it can't be done on this machine; null when it can. */
  isImpossible?(): string | null
  /**
   * Requests of which some may fail while it lasts, and why nothing can be done about that. Of all others none may, and
   * afterwards none at all.
   */
  mayFail?: { kinds: readonly RequestKind[]; because: string }
  /** Alerts that must reach Discord. */
  alerts?: readonly string[]
  /** Longest time from its end until all programs are up and nothing fails any more. */
  recoverWithinMs?: number
  /** Does it and undoes it. Resolves when it is over. Throws where it could not be done. */
  run(context: Context): Promise<void>
}

/** What a fault works with. */
export interface Context {
  readonly stack: Stack
  /** Where the data and logs of the stack are. */
  readonly folder: string
  readonly load: Load
  /** Null on the plain stage. */
  readonly network: Network | null
  /** Runs a statement on the database itself, whatever is between it and the servers. */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>
  /** Runs a command on Redis itself. */
  redis(command: string, ...args: (string | number)[]): Promise<unknown>
  /** Waits so long, and until the alerts that are expected have come (they get a minute for it). */
  hold(ms: number): Promise<void>
  /** Waits until something is so. Throws, with `what`, when it is not within `ms`. */
  until(what: string, isSo: () => Promise<boolean> | boolean, ms?: number): Promise<void>
  /** Notes an invariant of this fault beside those of all. */
  check(what: string, holds: boolean): void
  /** Notes a figure that is worth telling. */
  note(what: string): void
}
