import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
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

/** How often a closing server looks for connections that have become idle, or have gone. */
const CHECK_MS = 50

/** How long connections may stay without a request, once nobody can make new ones. */
const LINGER_MS = 500

/**
 * Publishes `app.lifecycle`. `drainMs`: about two probe intervals of the load balancer in front; 0 without one.
 *
 * A connection that is closed in the moment in which its client sends the next request fails that request, and a proxy may
 * not send a POST again. So a close first refuses new connections, which proxies take for a reason to go elsewhere, and
 * serves on: every answer now says `Connection: close`, so the connections that are in use end without a race (RFC 9112,
 * section 9.6). What is left after a while is in nobody's use.
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
    if (app.server.listening) await linger(app.server)
    idleCheck = setInterval(() => app.server.closeIdleConnections(), CHECK_MS)
  })
  app.addHook('onClose', async () => clearInterval(idleCheck))
}

/** Takes no new connections and resolves when those that there were have gone, or have had time to. */
async function linger(server: Server): Promise<void> {
  // http.Server's own would close the idle ones with it.
  NetServer.prototype.close.call(server)
  const countConnections = promisify(server.getConnections.bind(server))
  for (const end = performance.now() + LINGER_MS; performance.now() < end; await wait(CHECK_MS)) {
    if ((await countConnections()) === 0) return
  }
}

export default fp(lifecycle, { name: 'lifecycle', fastify: '5.x' })
