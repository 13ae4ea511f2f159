import { setTimeout as wait } from 'node:timers/promises'
import type { Context, Fault } from '#ops/chaos/fault.ts'
import { end, freeze, takeDown } from '#ops/chaos/units.ts'
import type { Supervised } from '#ops/stack/supervisor.ts'

/** Faults of replicas. */

function first({ stack }: Context): Supervised {
  const [replica] = stack.replicas
  if (!replica) throw new Error('there is no replica')
  return replica
}

export const replicaFaults: Fault[] = [
  {
    name: 'replica-kill',
    what: 'A replica is killed (SIGKILL) and started again by its supervisor, twice.',
    testbed: 'plain',
    isSmoke: true,
    async run(context) {
      for (const replica of context.stack.replicas.slice(0, 2)) {
        await end(context, replica, 'SIGKILL')
      }
    }
  },
  {
    name: 'replica-term',
    what: 'Each replica in turn gets SIGTERM and started again by its supervisor.',
    testbed: 'plain',
    async run(context) {
      for (const replica of context.stack.replicas) {
        await end(context, replica, 'SIGTERM')
      }
    }
  },
  {
    name: 'rolling-restart',
    what: 'All replicas are replaced one by one.',
    testbed: 'plain',
    isSmoke: true,
    run: ({ stack }) => stack.rollingRestart()
  },
  {
    name: 'replica-freeze',
    what: 'A replica is paused for 8 s (SIGSTOP, SIGCONT): it takes connections and does not answer.',
    testbed: 'plain',
    run: (context) => freeze(context, first(context), 8_000)
  },
  {
    name: 'replica-hang',
    what: 'A replica is paused for 25 s (SIGSTOP, SIGCONT), which is longer than visitors wait.',
    testbed: 'plain',
    run: (context) => freeze(context, first(context), 25_000)
  },
  {
    name: 'replicas-gone',
    what: 'All replicas are stopped, until an alert arrives, and started again.',
    testbed: 'plain',
    isSmoke: true,
    mayFail: { kinds: ['follow', 'fresh', 'create'], because: 'no replica answers' },
    alerts: ['FairleadDown'],
    recoverWithinMs: 20_000,
    run: (context) => takeDown(context, context.stack.replicas, 3_000)
  },
  {
    name: 'start-order-shuffled',
    what: 'Everything is stopped and started at once in another order: nginx and servers before the stores.',
    testbed: 'plain',
    mayFail: { kinds: ['follow', 'fresh', 'create'], because: 'no replica answers' },
    recoverWithinMs: 20_000,
    async run({ stack }) {
      const names = ['nginx', ...stack.replicas.map(({ unit }) => unit.name), 'worker', 'redis', 'postgres']
      for (const name of names) await stack.unit(name).stop()
      const starts: Promise<void>[] = []
      for (const name of names) {
        starts.push(stack.unit(name).start())
        await wait(500)
      }
      await Promise.all(starts)
    }
  }
]
