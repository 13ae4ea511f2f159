import type { IncomingMessage } from 'node:http'
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import proxyAddr from '@fastify/proxy-addr'

/** The IP address of a client, from the socket and the headers of trusted proxies. */

/** Returns the IP address that a request comes from; empty if the socket has none. */
export type AddressReader = (request: IncomingMessage) => string

/**
 * Makes the reader. `trustProxy` lists trusted proxies as addresses or CIDRs. Each trusted proxy appends its
 * peer to `X-Forwarded-For`. The reader therefore scans the list from its end, up to the first untrusted
 * address. An entry that is not an address (`unknown`, RFC 7239, section 6.2) ends the scan: the client may
 * have written everything before it.
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
 * Parses `203.0.113.8`, `203.0.113.8:51234`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:443`, quoted
 * or not. Returns the canonical address without port and zone, with IPv4-mapped IPv6 as IPv4; null if `text`
 * is not an address.
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
