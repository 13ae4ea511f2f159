import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** `app.lifecycle`: the way out. */
export interface Lifecycle {
  /** True once the process is on its way out: readiness says 503, everything else still works. */
  readonly draining: boolean
  /**
   * Turns readiness to 503 and resolves after the drain time, when load balancers have seen it. Then call
   * `app.close()`. Calling it again waits again.
   */
  drain(): Promise<void>
}

declare module 'fastify' {
  interface FastifyInstance {
    lifecycle: Lifecycle
  }
}

/** Publishes `app.lifecycle`. `drainMs`: about two probe intervals of the load balancer in front; 0 without one. */
async function lifecycle(app: FastifyInstance, { drainMs }: { drainMs: number }) {
  let draining = false
  app.decorate('lifecycle', {
    get draining() {
      return draining
    },
    async drain() {
      draining = true
      await wait(drainMs)
    }
  })
}

export default fp(lifecycle, { name: 'lifecycle', fastify: '5.x' })
