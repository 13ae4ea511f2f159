import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Which addresses are not of the public internet, and the one spelling of a host. */

/**
 * True unless an address is of the public internet: the special-purpose registries of IANA (RFC 6890) as ipaddr.js knows them,
 * multicast and reserved ones, also where IPv6 embeds them. What is no address is private.
 */
export function isPrivateAddress(address: string): boolean {
  if (isIP(address) === 0) return true
  return (embeddedAddress(address) ?? ipaddr.parse(address)).range() !== 'unicast'
}

/** Where the IPv4 address begins in ranges of IPv6 that embed one, in bytes: mapped, translated, NAT64, 6to4. */
const EMBEDDED_AT: Record<string, number> = { ipv4Mapped: 12, rfc6145: 12, rfc6052: 12, '6to4': 2 }
/** Embeds IPv4 too (RFC 4291, 2.5.5.1), deprecated, and no range of ipaddr.js. */
const IPV4_COMPATIBLE = ipaddr.IPv6.parseCIDR('::/96')
/** NAT64 for use within a network (RFC 8215): private, whatever it embeds. */
const LOCAL_NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b:1::/48')

/** The IPv4 address in one of IPv6 that stands for it; null for any other. */
function embeddedAddress(address: string): ipaddr.IPv4 | null {
  const parsed = ipaddr.parse(address)
  if (!(parsed instanceof ipaddr.IPv6) || parsed.match(LOCAL_NAT64)) return null
  const range = parsed.range()
  const at = range === 'unicast' && parsed.match(IPV4_COMPATIBLE) ? 12 : EMBEDDED_AT[range]
  return at === undefined ? null : new ipaddr.IPv4(parsed.toByteArray().slice(at, at + 4))
}

/**
 * The host of `url` in its one spelling, by which hosts are compared everywhere: as browsers read it (WHATWG URL, 4.3: lower case,
 * Punycode, IPv4 however it is written), without the dots of the root (RFC 1034, section 3.1), and as IPv4 where an IPv6 address stands
 * for that. Empty where the URL has no host.
 */
export function canonicalHost(url: URL): string {
  // The parser leaves the host as it is where it does not know the scheme.
  const { hostname } = URL.parse(`http://${url.hostname}/`) ?? url
  const host = hostname.toLowerCase().replace(/\.+$/, '')
  return (host.startsWith('[') ? embeddedAddress(host.slice(1, -1))?.toString() : null) ?? host
}

/** The same with the port where that is not the scheme's own. */
export function canonicalAuthority(url: URL): string {
  return url.port === '' ? canonicalHost(url) : `${canonicalHost(url)}:${url.port}`
}
