import type { Supervised } from '#ops/stack/supervisor.ts'
import type { Context } from './fault.ts'

/** What most faults do to a program of the stack. */

/** Ends `unit` by a signal; resolves when its supervisor has started it again and it answers. */
export function end({ until }: Context, unit: Supervised, signal: NodeJS.Signals): Promise<void> {
  const { restarts } = unit
  unit.signal(signal)
  return until(`${unit.unit.name} is back`, () => unit.restarts > restarts && unit.state === 'up')
}

/** Lets `unit` stand still for `ms` milliseconds: its connections stay, and nothing answers. */
export async function freeze({ hold }: Context, unit: Supervised, ms: number): Promise<void> {
  unit.signal('SIGSTOP')
  await hold(ms).finally(() => unit.signal('SIGCONT'))
}
