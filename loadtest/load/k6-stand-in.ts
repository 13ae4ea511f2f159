import { registerHooks } from 'node:module'
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads'

/**
 * The worker in which load.test.ts executes the k6 script: k6, k6/http and k6/metrics are replaced by the few functions
 * of them that it calls. k6's requests are synchronous, so the worker sleeps until its parent has sent them.
 */
export interface Job {
  port: MessagePort
  /** Wakes the worker: 1 once an answer is on the port. */
  bell: Int32Array
  env: Record<string, string>
  iterations: number
}

export interface Request {
  method: string
  url: string
  body: string | null
  params: { redirects?: number; headers?: Record<string, string>; tags?: Record<string, string> }
}

/** What the script did: its options, each check and metric, how long it slept in all and what it asked for. */
export interface Run {
  options: {
    scenarios: Record<string, { executor: string; stages: { duration: string; target: number }[] }>
    thresholds: Record<string, string[]>
  }
  targets: number
  checks: { passed: number; failed: number }
  metrics: Record<string, number[]>
  sleptSeconds: number
  requests: Request[]
}

interface Script {
  options: Run['options']
  setup(): unknown[]
  default(targets: unknown[]): void
}

const { port, bell, env, iterations } = workerData as Job
const run: Run = {
  options: { scenarios: {}, thresholds: {} },
  targets: 0,
  checks: { passed: 0, failed: 0 },
  metrics: {},
  sleptSeconds: 0,
  requests: []
}

function metric(name: string) {
  const values: number[] = []
  run.metrics[name] = values
  return { add: (value: number | boolean) => void values.push(Number(value)) }
}

const standIns: Record<string, object> = {
  k6: {
    check(value: unknown, checks: Record<string, (value: unknown) => boolean>) {
      const isFine = Object.values(checks).every((one) => one(value))
      run.checks[isFine ? 'passed' : 'failed']++
      return isFine
    },
    sleep(seconds: number) {
      run.sleptSeconds += seconds
    }
  },
  'k6/http': {
    default: {
      request(method: string, url: string, body: string | null, params: Request['params'] = {}) {
        const request = { method, url, body, params }
        run.requests.push(request)
        Atomics.store(bell, 0, 0)
        port.postMessage(request)
        Atomics.wait(bell, 0, 0, 10_000)
        return receiveMessageOnPort(port)?.message ?? { status: 0, body: null }
      }
    }
  },
  'k6/metrics': {
    Rate: function Rate(name: string) {
      return metric(name)
    },
    Counter: function Counter(name: string) {
      return metric(name)
    }
  },
  'k6/execution': {
    default: {
      test: {
        abort(message: string) {
          throw new Error(message)
        }
      }
    }
  }
}

Object.assign(globalThis, { __ENV: env, k6StandIns: standIns })
registerHooks({
  resolve(specifier, context, nextResolve) {
    const standIn = standIns[specifier]
    if (standIn === undefined) return nextResolve(specifier, context)
    const members = Object.keys(standIn).map((name) =>
      name === 'default' ? 'export default all.default' : `export const ${name} = all.${name}`
    )
    const source = [`const all = globalThis.k6StandIns['${specifier}']`, ...members].join('\n')
    return { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true }
  }
})

// By a name that the compiler doesn't follow: the script is checked with the types of k6, not of Node.
const name = new URL(import.meta.resolve('#loadtest/k6/load.ts')).href
const script = (await import(name)) as Script
run.options = script.options
const targets = script.setup()
run.targets = targets.length
for (let index = 0; index < iterations; index++) script.default(targets)
port.postMessage({ run })
