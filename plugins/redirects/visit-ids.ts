import type { IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'

/**
 * Visit ids of proxies. `X-Visit-Id` is the same on each replica that a proxy tries, and so is the click's
 * id.
 */

/** Returns the raw visit name from a trusted proxy; undefined for any other peer. */
export type VisitReader = (request: IncomingMessage) => string | undefined

/**
 * Creates the reader of the header. `trustProxy` has addresses or CIDRs; without any, the reader does
 * nothing.
 */
export function createVisitReader(trustProxy: string[]): VisitReader {
  if (trustProxy.length === 0) return () => undefined
  const trusts = proxyAddr.compile(trustProxy)
  // Few proxies send all requests, so the last peer is usually the same.
  let lastPeer = ''
  let isTrusted = false
  return ({ headers, socket }) => {
    const visit = headers['x-visit-id']
    if (typeof visit !== 'string') return undefined
    const peer = socket.remoteAddress ?? ''
    if (peer !== lastPeer) {
      isTrusted = trusts(peer, 0)
      lastPeer = peer
    }
    return isTrusted ? visit : undefined
  }
}
