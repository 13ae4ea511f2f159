import autocannon from 'autocannon'
import type { Ask } from './k6/profiles.ts'
import { createLatencies, type Latencies } from './latencies.ts'

/** One run of autocannon against one server. Each connection has one request in flight. */
export interface AutocannonOptions {
  url: string
  seconds: number
  connections: number
  /** The requests of connection `index` of `connections`, sent in a cycle. */
  requests: (index: number, connections: number) => autocannon.Request[]
  /** Maximum requests per second and connection; unlimited if undefined. */
  ratePerConnection?: number
}

export interface Burst {
  seconds: number
  answers: number
  rps: number
  /** Answers by status. */
  statuses: Record<string, number>
  /** Requests without an answer: refused, reset or timed out. */
  errors: number
  p50: number
  p95: number
  p99: number
  max: number
  latencies: Latencies
}

/** Sends requests for `seconds`. Times are in milliseconds. */
export async function autocannonRun(options: AutocannonOptions): Promise<Burst> {
  const latencies = createLatencies()
  const statuses: Record<string, number> = {}
  let index = 0
  let stopped = 0
  const start = performance.now()
  const { errors } = await new Promise<autocannon.Result>((done, fail) => {
    const instance = autocannon(
      {
        url: options.url,
        connections: options.connections,
        duration: options.seconds,
        timeout: 10,
        sampleInt: 100,
        // Each connection has its own requests, because autocannon would copy a common list for each of them.
        setupClient: (client) => client.setRequests(options.requests(index++, options.connections)),
        ...(options.ratePerConnection !== undefined && {
          connectionRate: options.ratePerConnection,
          ignoreCoordinatedOmission: true
        })
      },
      (error: Error | null, result: autocannon.Result) => (error ? fail(error) : done(result))
    )
    instance.on('response', (_client, status, _bytes, ms) => {
      latencies.add(ms)
      statuses[status] = (statuses[status] ?? 0) + 1
      stopped = performance.now()
    })
  })
  const seconds = (stopped - start) / 1_000
  return {
    seconds,
    answers: latencies.count,
    rps: latencies.count / seconds,
    statuses,
    errors,
    p50: latencies.percentile(0.5),
    p95: latencies.percentile(0.95),
    p99: latencies.percentile(0.99),
    max: latencies.maxMs,
    latencies
  }
}

/** Returns the part of `list` for connection `index` of `connections`. The parts together cover the list. */
export function share<T>(list: T[], index: number, connections: number): T[] {
  const part = list.filter((_item, at) => at % connections === index)
  return part.length > 0 ? part : list.slice(0, 1)
}

export const get = (path: string): autocannon.Request => ({ method: 'GET', path })

export const send = (method: 'POST' | 'PUT', path: string, body: object): autocannon.Request => ({
  method,
  path,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body)
})

/** Converts a request of a profile to autocannon's format. */
export function toRequest({ method, path, body }: Ask): autocannon.Request {
  return body === null
    ? { method, path }
    : { method, path, body, headers: { 'content-type': 'application/json' } }
}
