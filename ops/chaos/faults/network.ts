import type { Context, Fault } from '#ops/chaos/fault.ts'
import { KINDS } from '#ops/chaos/ledger.ts'
import type { NetworkCondition } from '#ops/chaos/link.ts'

/** Faults of the network between any two parts. */

const PAIRS: { name: string; from: RegExp; to: RegExp; mayFail?: Fault['mayFail'] }[] = [
  {
    name: 'client-nginx',
    from: /^client$/,
    to: /^nginx$/,
    mayFail: { kinds: KINDS, because: 'who is not reached is not answered' }
  },
  { name: 'replica-redis', from: /^replica-/, to: /^redis$/ },
  {
    name: 'replica-postgres',
    from: /^replica-/,
    to: /^postgres$/,
    mayFail: { kinds: ['create', 'fresh'], because: 'what is not in a cache is in PostgreSQL only' }
  },
  { name: 'worker-redis', from: /^worker$/, to: /^redis$/ },
  { name: 'worker-postgres', from: /^worker$/, to: /^postgres$/ },
  { name: 'nginx-replica', from: /^nginx$/, to: /^replica-1$/ }
]

const NETWORK_CONDITIONS: {
  name: string
  what: string
  condition: NetworkCondition
  seconds: number
  isSoft: boolean
}[] = [
  {
    name: 'delay',
    what: 'everything takes 100 ± 50 ms more each way',
    condition: { kind: 'delay', ms: 100, jitterMs: 50 },
    seconds: 5,
    isSoft: true
  },
  {
    name: 'loss',
    what: 'a tenth of the pieces are lost and sent again after 200 ms or more',
    condition: { kind: 'loss', share: 0.1 },
    seconds: 5,
    isSoft: true
  },
  {
    name: 'cut',
    what: 'connections are reset and new ones refused for 5 s',
    condition: { kind: 'cut' },
    seconds: 5,
    isSoft: false
  },
  {
    name: 'silence',
    what: 'nothing arrives for 6 s and no connection closes',
    condition: { kind: 'silence' },
    seconds: 6,
    isSoft: false
  }
]

const crossed: Fault[] = PAIRS.flatMap((pair) =>
  NETWORK_CONDITIONS.map(({ name, what, condition, seconds, isSoft }) => ({
    name: `${pair.name}-${name}`,
    what: `Between ${pair.name.replace('-', ' and ')} ${what}.`,
    testbed: 'linked' as const,
    ...(pair.mayFail && !isSoft && { mayFail: pair.mayFail }),
    run: (context) => disturb(context, pair, condition, seconds)
  }))
)

/** Keeps the links between two parts in a condition for some seconds. */
async function disturb(
  { network, hold }: Context,
  { from, to }: { from: RegExp; to: RegExp },
  condition: NetworkCondition,
  seconds: number
): Promise<void> {
  await network?.setCondition(from, to, condition)
  await hold(seconds * 1_000).finally(() => network?.setCondition(from, to, { kind: 'clear' }))
}

export const networkFaults: Fault[] = [
  ...crossed,
  {
    name: 'redis-slow',
    what: 'Redis answers half a second late for 8 s.',
    testbed: 'linked',
    run: (context) => disturb(context, { from: /./, to: /^redis$/ }, { kind: 'delay', ms: 250 }, 8)
  },
  {
    name: 'postgres-slow',
    what: 'PostgreSQL answers half a second late for 8 s.',
    testbed: 'linked',
    run: (context) => disturb(context, { from: /./, to: /^postgres$/ }, { kind: 'delay', ms: 250 }, 8)
  }
]
