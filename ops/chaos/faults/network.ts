import type { Fault } from '#ops/chaos/fault.ts'
import { KINDS } from '#ops/chaos/ledger.ts'
import type { Weather } from '#ops/chaos/link.ts'

/** What happens to the network between any two parts. */

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

const WEATHERS: { name: string; what: string; weather: Weather; seconds: number; isSoft: boolean }[] = [
  {
    name: 'delay',
    what: 'everything takes 100 ± 50 ms more each way',
    weather: { kind: 'delay', ms: 100, jitterMs: 50 },
    seconds: 5,
    isSoft: true
  },
  {
    name: 'loss',
    what: 'a tenth of the pieces are lost and sent again after 200 ms or more',
    weather: { kind: 'loss', share: 0.1 },
    seconds: 5,
    isSoft: true
  },
  {
    name: 'cut',
    what: 'connections are reset and new ones refused for 5 s',
    weather: { kind: 'cut' },
    seconds: 5,
    isSoft: false
  },
  {
    name: 'silence',
    what: 'nothing arrives for 6 s and nobody is told',
    weather: { kind: 'silence' },
    seconds: 6,
    isSoft: false
  }
]

const crossed: Fault[] = PAIRS.flatMap((pair) =>
  WEATHERS.map(({ name, what, weather, seconds, isSoft }) => ({
    name: `${pair.name}-${name}`,
    what: `Between ${pair.name.replace('-', ' and ')} ${what}.`,
    stage: 'linked' as const,
    ...(pair.mayFail && !isSoft && { mayFail: pair.mayFail }),
    async run({ network, hold }) {
      await network?.setWeather(pair.from, pair.to, weather)
      await hold(seconds * 1_000).finally(() => network?.setWeather(pair.from, pair.to, { kind: 'clear' }))
    }
  }))
)

export const networkFaults: Fault[] = [
  ...crossed,
  {
    name: 'redis-slow',
    what: 'Redis answers everybody half a second late for 8 s.',
    stage: 'linked',
    async run({ network, hold }) {
      await network?.setWeather(/./, /^redis$/, { kind: 'delay', ms: 250 })
      await hold(8_000).finally(() => network?.setWeather(/./, /^redis$/, { kind: 'clear' }))
    }
  },
  {
    name: 'postgres-slow',
    what: 'PostgreSQL answers everybody half a second late for 8 s.',
    stage: 'linked',
    async run({ network, hold }) {
      await network?.setWeather(/./, /^postgres$/, { kind: 'delay', ms: 250 })
      await hold(8_000).finally(() => network?.setWeather(/./, /^postgres$/, { kind: 'clear' }))
    }
  }
]
