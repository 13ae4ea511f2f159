import { type Crowd, type Load, sendLoad } from '#ops/stack/clients.ts'
import type { Stack } from '#ops/stack/stack.ts'
import { until } from '#testing/until.ts'

/** What ends replicas in production, done to a stack under load: nobody who asks may notice. */

export interface Outcome {
  follows: number
  creates: number
  changes: number
  failures: readonly string[]
}

export interface Trial {
  title: string
  /** Who asks meanwhile, of so many connections. */
  crowd(connections: number): Crowd
  run(stack: Stack, load: Load): Promise<void>
}

/** Everything: reads, writes that may be repeated, and writes that may not. */
const everybody = (connections: number): Crowd => ({
  followers: connections - 2 * Math.round(connections / 10),
  creators: Math.round(connections / 10),
  changers: Math.round(connections / 10)
})

/** What dies at once takes what it was asked with it: only requests that are idempotent can be sent again. */
const idempotent = (connections: number): Crowd => ({
  followers: connections - Math.round(connections / 10),
  creators: 0,
  changers: Math.round(connections / 10)
})

export const TRIALS: Trial[] = [
  { title: 'a rolling restart', crowd: everybody, run: (stack) => stack.rollingRestart() },
  {
    title: 'SIGTERM of each replica',
    crowd: everybody,
    run: (stack, load) => signalEach(stack, load, 'SIGTERM')
  },
  {
    title: 'kill -9 of each replica',
    crowd: idempotent,
    run: (stack, load) => signalEach(stack, load, 'SIGKILL')
  }
]

/**
 * Signals the replicas one after the other, each when the one before is back and nobody waits any more who was refused by
 * it: nginx asks no replica twice for one request, and there may be only two.
 */
async function signalEach(stack: Stack, load: Load, signal: NodeJS.Signals): Promise<void> {
  for (const replica of stack.replicas) {
    const { restarts } = replica
    replica.signal(signal)
    await until(() => replica.restarts !== restarts && replica.state === 'up')
    await load.turnOver()
  }
}

/** Does it under load, which begins before and ends after. */
export async function attempt(
  stack: Stack,
  { crowd, run }: Trial,
  connections: number,
  thinkMs = 0
): Promise<Outcome> {
  const load: Load = await sendLoad(stack.url, { ...crowd(connections), thinkMs })
  try {
    await load.turnOver()
    await run(stack, load)
    await load.turnOver()
  } finally {
    await load.stop()
  }
  return load
}
