import type { IncomingMessage } from 'node:http'
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import proxyAddr from '@fastify/proxy-addr'

/** The IP address of a client, by the socket and by what trusted proxies say. */

/** Gives the IP address that a request comes from; empty where the socket has none. */
export type AddressReader = (request: IncomingMessage) => string

/**
 * Makes the reader. Takes the proxies that are trusted, addresses or CIDRs. Each trusted proxy appends its peer to `X-Forwarded-For`,
 * so the list is read from its end up to the first address that is not trusted. An entry that is no address (`unknown`, RFC 7239,
 * section 6.2) ends the search: the client may have written everything before it.
 */
export function createAddressReader(trustProxy: readonly string[]): AddressReader {
  if (trustProxy.length === 0) return ({ socket }) => socket.remoteAddress ?? ''
  const trusts = proxyAddr.compile([...trustProxy])
  return ({ headers, socket }) => {
    let address = socket.remoteAddress ?? ''
    const forwarded = headers['x-forwarded-for']
    if (forwarded === undefined) return address
    const hops = String(forwarded).split(',')
    while (hops.length > 0 && trusts(address, 0)) {
      const hop = parseAddress(hops.pop() ?? '')
      if (hop === null) return address
      address = hop
    }
    return address
  }
}

const WITH_PORT = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/

/**
 * Reads `203.0.113.8`, `203.0.113.8:51234`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:443`, quoted or not. Gives the address in
 * its one spelling, without port and zone, and IPv4 in place of the IPv6 form of it; null for what is no address.
 */
export function parseAddress(text: string): string | null {
  const plain = text.trim().replace(/^"(.*)"$/, '$1')
  const [, inBrackets, withPort] = WITH_PORT.exec(plain) ?? []
  const address = inBrackets?.replace(/%.*$/, '') ?? withPort ?? plain.replace(/%.*$/, '')
  if (isIPv4(address)) return address
  if (!isIPv6(address)) return null
  const { address: spelt } = new SocketAddress({ address, family: 'ipv6' })
  return spelt.replace(/^::ffff:(?=\d+\.)/, '')
}
