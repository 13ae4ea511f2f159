import { Server as NetServer, type Socket } from 'node:net'
import { setImmediate as tick, setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** `app.lifecycle`: the shutdown of the process. */
export interface Lifecycle {
  /** True once the process is shutting down: readiness is 503, and everything else still works. */
  readonly draining: boolean
  /**
   * Turns readiness to 503, waits the drain time until load balancers have seen it, then refuses new
   * connections. Call `app.close()` after it. A second call waits again.
   */
  drain(): Promise<void>
}

declare module 'fastify' {
  interface FastifyInstance {
    lifecycle: Lifecycle
  }
}

/** Interval at which a closing server looks for idle and closed connections. */
const CHECK_MS = 50

export interface LifecycleOptions {
  /** About two probe intervals of the load balancer in front; 0 without one. */
  drainMs: number
  /**
   * How long idle connections stay open after new ones are refused; longer than the idle timeout of a proxy.
   */
  lingerMs: number
}

/**
 * Publishes `app.lifecycle`.
 *
 * Closing a connection just as its client sends the next request fails that request, and a proxy may not
 * retry a POST. So the server refuses new connections first, which makes proxies try another replica, and
 * keeps serving the open ones. During a close every response has `Connection: close`, so that connections in
 * use end without a race (RFC 9112, section 9.6). The proxy closes idle connections itself, sooner than
 * `lingerMs`.
 *
 * Node closes the connections that are idle when the close begins. A connection with a running request
 * becomes idle after its response and would block the close for the whole keep-alive timeout. So this plugin
 * closes those.
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
      // Must precede the close, during which each response ends its connection and clients open new ones.
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
   * Stops accepting connections. The kernel completes connections before this process accepts them. When
   * listening stops, it resets those in the backlog, together with the requests sent on them. So listening
   * stops only after an event-loop tick without a new connection; each tick accepts one if any is waiting.
   */
  async function stopListening(): Promise<void> {
    const end = performance.now() + lingerMs
    let seen = -1
    // The first tick may have been running already.
    for (await tick(); seen < accepted && performance.now() < end; await tick()) seen = accepted
    // `close` of http.Server would also close idle connections.
    if (app.server.listening) NetServer.prototype.close.call(app.server)
  }

  /** Resolves when all connections are closed, or after `lingerMs`. */
  async function linger(): Promise<void> {
    for (const end = performance.now() + lingerMs; performance.now() < end; await wait(CHECK_MS)) {
      if (connections.size === 0) return
    }
  }

  function closeIdle(): void {
    app.server.closeIdleConnections()
    // Node does not count a connection without any request as idle, and would wait for it for ever.
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
