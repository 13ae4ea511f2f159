import type { Supervised } from '#ops/stack/supervisor.ts'
import type { Context } from './fault.ts'

/** Actions that most faults apply to a program of the stack. */

/** Ends `unit` with a signal; resolves when its supervisor has restarted it and it answers. */
export function end({ until }: Context, unit: Supervised, signal: NodeJS.Signals): Promise<void> {
  const { restarts } = unit
  unit.signal(signal)
  return until(`${unit.unit.name} is back`, () => unit.restarts > restarts && unit.state === 'up')
}

/** Freezes `unit` for `ms` milliseconds: its connections stay open, and it does not answer. */
export async function freeze({ hold }: Context, unit: Supervised, ms: number): Promise<void> {
  unit.signal('SIGSTOP')
  await hold(ms).finally(() => unit.signal('SIGCONT'))
}

/** Stops `units` for `ms` milliseconds, or until the expected alerts have arrived. */
export async function takeDown({ hold }: Context, units: readonly Supervised[], ms: number): Promise<void> {
  await Promise.all(units.map((unit) => unit.stop()))
  await hold(ms).finally(() => Promise.all(units.map((unit) => unit.start())))
}
