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

/** How often a closing server looks for connections that have become idle. */
const IDLE_CHECK_MS = 50

/**
 * Publishes `app.lifecycle`. `drainMs`: about two probe intervals of the load balancer in front; 0 without one.
 *
 * Node closes the connections that are idle when the close begins. One that is amid a request then becomes idle with
 * its answer, and would hold up the close for the whole keep-alive timeout: those are closed here.
 */
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
  let idleCheck: NodeJS.Timeout | undefined
  app.addHook('preClose', async () => {
    idleCheck = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS)
  })
  app.addHook('onClose', async () => clearInterval(idleCheck))
}

export default fp(lifecycle, { name: 'lifecycle', fastify: '5.x' })
