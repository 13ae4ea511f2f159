import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Detection of private addresses, and canonical forms of hosts. */

/**
 * True unless `address` belongs to the public internet. Private are the special-purpose registries of IANA
 * (RFC 6890, as in ipaddr.js), multicast and reserved addresses, also when embedded in IPv6. Text that is not
 * an address counts as private.
 */
export function isPrivateAddress(address: string): boolean {
  if (isIP(address) === 0) return true
  return (embeddedAddress(address) ?? ipaddr.parse(address)).range() !== 'unicast'
}

/** Byte offset of the IPv4 address in IPv6 ranges that embed one: mapped, translated, NAT64, 6to4. */
const EMBEDDED_AT: Record<string, number> = { ipv4Mapped: 12, rfc6145: 12, rfc6052: 12, '6to4': 2 }
/** This deprecated range embeds IPv4 too (RFC 4291, 2.5.5.1). ipaddr.js has no name for it. */
const IPV4_COMPATIBLE = ipaddr.IPv6.parseCIDR('::/96')
/** NAT64 within a network (RFC 8215): private, whatever address it embeds. */
const LOCAL_NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b:1::/48')

/** The IPv4 address embedded in an IPv6 address; null if there is none. */
function embeddedAddress(address: string): ipaddr.IPv4 | null {
  const parsed = ipaddr.parse(address)
  if (!(parsed instanceof ipaddr.IPv6) || parsed.match(LOCAL_NAT64)) return null
  const range = parsed.range()
  const at = range === 'unicast' && parsed.match(IPV4_COMPATIBLE) ? 12 : EMBEDDED_AT[range]
  return at === undefined ? null : new ipaddr.IPv4(parsed.toByteArray().slice(at, at + 4))
}

/**
 * The canonical host of `url`, for all comparisons of hosts. It is the host as browsers parse it (WHATWG URL,
 * 4.3): lower case, Punycode, and IPv4 in dotted decimals. Trailing dots (RFC 1034, section 3.1) are removed,
 * and IPv6 that embeds IPv4 becomes IPv4. Empty if the URL has no host.
 */
export function canonicalHost(url: URL): string {
  // The parser does not normalise the host of an unknown scheme.
  const { hostname } = URL.parse(`http://${url.hostname}/`) ?? url
  const host = hostname.toLowerCase().replace(/\.+$/, '')
  return (host.startsWith('[') ? embeddedAddress(host.slice(1, -1))?.toString() : null) ?? host
}

/** The canonical host, with the port unless it is the default of the scheme. */
export function canonicalAuthority(url: URL): string {
  return url.port === '' ? canonicalHost(url) : `${canonicalHost(url)}:${url.port}`
}
