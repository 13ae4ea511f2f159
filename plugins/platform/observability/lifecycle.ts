import { Server as NetServer, type Socket } from 'node:net'
import { setImmediate as tick, setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** `app.lifecycle`: the way out. */
export interface Lifecycle {
  /** True once the process is on its way out: readiness says 503, everything else still works. */
  readonly draining: boolean
  /**
   * Turns readiness to 503, waits for the drain time, when load balancers have seen it, and then takes no new connections.
   * Then call `app.close()`. Calling it again waits again.
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

export interface LifecycleOptions {
  /** About two probe intervals of the load balancer in front; 0 without one. */
  drainMs: number
  /** How long idle connections are left to their clients, once nobody can make new ones: more than a proxy keeps them. */
  lingerMs: number
}

/**
 * Publishes `app.lifecycle`.
 *
 * A connection that is closed in the moment in which its client sends the next request fails that request, and a proxy may
 * not send a POST again. So new connections are refused first, which proxies take for a reason to go elsewhere, and those that
 * there are are served on: in a close every answer says `Connection: close`, so that connections in use end without a race
 * (RFC 9112, section 9.6). Those that are idle end by the proxy, which does that sooner than `lingerMs`.
 *
 * Node closes the connections that are idle when the close begins. One that is amid a request then becomes idle with
 * its answer, and would hold up the close for the whole keep-alive timeout: those are closed here.
 */
async function lifecycle(app: FastifyInstance, { drainMs, lingerMs }: LifecycleOptions) {
  let draining = false
  app.decorate('lifecycle', {
    get draining() {
      return draining
    },
    async drain() {
      draining = true
      await wait(drainMs)
      // Before the close begins: from then on each answer ends its connection, and its client makes a new one.
      if (app.server.listening) await stopListening()
    }
  })
  const connections = new Set<Socket>()
  let accepted = 0
  app.server.on('connection', (connection) => {
    accepted++
    connections.add(connection)
    connection.once('close', () => connections.delete(connection))
  })

  /**
   * Takes no new connections. The system completes connections before this process sees them, and resets those that it has not
   * seen when it stops to listen, with the requests that were sent by them. So it stops after a turn of the event loop, in
   * which one is taken in when any waits, that brought none.
   */
  async function stopListening(): Promise<void> {
    const end = performance.now() + lingerMs
    let seen = -1
    // The first turn may be the rest of one.
    for (await tick(); seen < accepted && performance.now() < end; await tick()) seen = accepted
    // http.Server's own would close the idle ones with it.
    if (app.server.listening) NetServer.prototype.close.call(app.server)
  }

  /** Resolves when the connections that there were have gone, or have had time to. */
  async function linger(): Promise<void> {
    for (const end = performance.now() + lingerMs; performance.now() < end; await wait(CHECK_MS)) {
      if (connections.size === 0) return
    }
  }

  function closeIdle(): void {
    app.server.closeIdleConnections()
    // To Node a connection on which nothing was ever asked is not idle, and a closing server waits for it for ever.
    for (const connection of connections) if (connection.bytesRead === 0) connection.destroy()
  }

  let idleCheck: NodeJS.Timeout | undefined
  app.addHook('preClose', async () => {
    if (app.server.listening) await stopListening()
    await linger()
    idleCheck = setInterval(closeIdle, CHECK_MS)
  })
  app.addHook('onClose', async () => clearInterval(idleCheck))
}

export default fp(lifecycle, { name: 'lifecycle', fastify: '5.x' })
