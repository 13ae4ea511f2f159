import { type Crowd, type Load, sendLoad } from '#ops/stack/clients.ts'
import type { Stack } from '#ops/stack/stack.ts'
import { until } from '#testing/until.ts'

/** Ends replicas under load in the ways that occur in production. No client may see an error. */

export interface Outcome {
  follows: number
  creates: number
  changes: number
  failures: readonly string[]
}

export interface Trial {
  title: string
  /** The clients during the trial, by the number of connections. */
  crowd(connections: number): Crowd
  run(stack: Stack, load: Load): Promise<void>
}

/** All kinds of requests: reads, repeatable writes and other writes. */
const allKinds = (connections: number): Crowd => ({
  followers: connections - 2 * Math.round(connections / 10),
  creators: Math.round(connections / 10),
  changers: Math.round(connections / 10)
})

/** A kill loses the requests in progress, and only idempotent ones can be sent again. */
const idempotent = (connections: number): Crowd => ({
  followers: connections - Math.round(connections / 10),
  creators: 0,
  changers: Math.round(connections / 10)
})

export const TRIALS: Trial[] = [
  { title: 'a rolling restart', crowd: allKinds, run: (stack) => stack.rollingRestart() },
  {
    title: 'SIGTERM of each replica',
    crowd: allKinds,
    run: (stack, load) => signalEach(stack, load, 'SIGTERM')
  },
  {
    title: 'kill -9 of each replica',
    crowd: idempotent,
    run: (stack, load) => signalEach(stack, load, 'SIGKILL')
  }
]

/**
 * Signals the replicas one after the other. Waits until the previous one is back and every request that it
 * refused has been answered: nginx tries each replica once per request, and there may be only two.
 */
async function signalEach(stack: Stack, load: Load, signal: NodeJS.Signals): Promise<void> {
  for (const replica of stack.replicas) {
    const { restarts } = replica
    replica.signal(signal)
    await until(() => replica.restarts !== restarts && replica.state === 'up')
    await load.turnOver()
  }
}

/** Runs a trial under load that starts before it and ends after it. */
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
