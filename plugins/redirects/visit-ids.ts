import type { IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'

/** How a proxy names a visit: by `X-Visit-Id`, the same for each replica that it tries, and so is the click's id. */

/** Gives the name that a trusted proxy gave the visit, not yet read; undefined of anybody else. */
export type VisitReader = (request: IncomingMessage) => string | undefined

/** Makes what reads the header from `trustProxy`, addresses or CIDRs; with nobody trusted there is nothing to do. */
export function createVisitReader(trustProxy: string[]): VisitReader {
  if (trustProxy.length === 0) return () => undefined
  const trusts = proxyAddr.compile(trustProxy)
  // Few proxies bring all requests.
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
