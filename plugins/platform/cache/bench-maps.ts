import { createRequire } from 'node:module'
import { LRUCache } from 'lru-cache'
import { createRecent } from './recent.ts'
import { createStringTable } from './string-table.ts'

/** CPU of our own maps against a plain `Map` and `lru-cache`, in turns. `node plugins/platform/cache/bench-maps.ts [PAIRS]` */

const pairs = Number(process.argv[2] ?? 60)
const LOOKUPS = 4_000
/** What a redirect does between two look-ups pushes entries out of the processor's caches. */
const others = new Int32Array(1 << 20)

function pollute(): number {
  let sum = 0
  for (let at = 0; at < 500; at++) sum += others[(Math.random() * others.length) | 0] as number
  return sum
}

function cpuOf(work: () => void): number {
  const start = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(start)
  return user + system
}

function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[sorted.length >> 1] as number
}

/** Prints the median CPU per call of both, and of their differences, in µs. */
function compare(name: string, ours: () => void, other: () => void, calls: number) {
  const times: [number, number][] = []
  for (let pair = -5; pair < pairs; pair++) {
    const ran = pair % 2 === 0 ? [cpuOf(ours), cpuOf(other)] : [cpuOf(other), cpuOf(ours)].reverse()
    if (pair >= 0) times.push(ran as [number, number])
  }
  const per = (pick: (time: [number, number]) => number) => (median(times.map(pick)) / calls).toFixed(3)
  console.log(
    `${name}: ours ${per(([a]) => a)}, other ${per(([, b]) => b)}, other - ours ${per(([a, b]) => b - a)} µs (median of ${pairs} pairs)`
  )
}

for (const size of [10_000, 100_000]) {
  const entries = Array.from({ length: size }, (_, at) => ({
    key: `c${((at * 2_654_435_761) % 2 ** 32).toString(36)}`,
    value: { location: `https://acme.dev/${at}` }
  }))
  const table = createStringTable<(typeof entries)[number]>()
  const map = new Map<string, (typeof entries)[number]>()
  for (const entry of entries) {
    table.set(entry)
    map.set(entry.key, entry)
  }
  // As a request brings them: texts whose hash is not computed yet.
  const bytes = entries.map(({ key }) => Buffer.from(`/${key}`))
  const nextUrl = () => (bytes[(Math.random() * size) | 0] as Buffer).latin1Slice()
  let found = 0
  const run = (get: (key: string) => unknown, isCold: boolean) => () => {
    for (let at = 0; at < (isCold ? LOOKUPS / 4 : LOOKUPS); at++) {
      if (isCold) found += pollute() & 1
      if (get(nextUrl().slice(1)) !== undefined) found++
    }
  }
  for (const isCold of [false, true])
    compare(
      `string-table and Map, ${size} links${isCold ? ', cold' : ''}`,
      run((key) => table.get(key), isCold),
      run((key) => map.get(key), isCold),
      isCold ? LOOKUPS / 4 : LOOKUPS
    )
  if (found === 0) throw new Error('nothing was found')
}

const now = () => performance.now()
const before = process.memoryUsage.rss()
const lru = new LRUCache<string, number>({
  maxSize: 50_000,
  sizeCalculation: () => 1,
  ttl: 30_000,
  ttlResolution: 0,
  perf: { now }
})
console.log(
  `lru-cache of 50,000: ${((process.memoryUsage.rss() - before) / 2 ** 20).toFixed(1)} MiB when empty`
)
const recent = createRecent<number>(50_000, 30_000, now)
let next = 0
const flood = (map: { get(key: string): unknown; set(key: string, value: number): void }) => () => {
  for (let at = 0; at < LOOKUPS; at++) {
    const key = `f${next++}`
    if (map.get(key) === undefined) map.set(key, 1)
  }
}
compare(
  'recent and lru-cache, a flood of new keys',
  flood(recent),
  flood({ get: (key) => lru.get(key), set: (key, value) => void lru.set(key, value) }),
  LOOKUPS
)
const hits = (map: { get(key: string): unknown }, keys: string[]) => () => {
  for (const key of keys) map.get(key)
}
const known = Array.from({ length: LOOKUPS }, (_, at) => `f${next - 1 - at}`)
for (const key of known) {
  recent.set(key, 1)
  lru.set(key, 1)
}
compare('recent and lru-cache, hits', hits(recent, known), hits(lru, known), LOOKUPS)

const { Histogram, Registry } = createRequire(import.meta.url)('@prometheus-io/client')
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000]
const histogram = new Histogram({
  name: 'h',
  help: 'h',
  labelNames: ['status'],
  buckets: BOUNDS.map((ms) => ms / 1_000),
  registers: [new Registry()]
})
const child = histogram.labels({ status: '302' })
const buckets = new Array<number>(BOUNDS.length + 1).fill(0)
let sumMs = 0
const observe = (ms: number) => {
  let at = 0
  while (at < BOUNDS.length && ms > (BOUNDS[at] ?? 0)) at++
  buckets[at] = (buckets[at] ?? 0) + 1
  sumMs += ms
}
const durations = Array.from({ length: LOOKUPS * 5 }, () => Math.random() ** 3 * 5)
compare(
  'redirect-histogram and a child of the library',
  () => {
    for (const ms of durations) observe(ms)
  },
  () => {
    for (const ms of durations) child.observe(ms / 1_000)
  },
  durations.length
)
if (sumMs === 0) throw new Error('nothing was observed')
