import { BlockList, isIP } from 'node:net'

/** Which addresses are not of the public internet. */

/** Not reachable for everybody: the special-purpose registries of IANA (RFC 6890), multicast, and what is reserved. */
const PRIVATE: readonly [network: string, bits: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  // Teredo in it (RFC 4380): an IPv4 address under a veil.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8]
]
const privateNetworks = new BlockList()
for (const [network, bits] of PRIVATE) {
  privateNetworks.addSubnet(network, bits, isIP(network) === 6 ? 'ipv6' : 'ipv4')
}

/**
 * Whether an address belongs to a private network, a link, this machine or nobody. Takes it in its plain spelling, as the URL
 * parser and the resolver give it; what is no address is private.
 */
export function isPrivateAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 0) return true
  if (version === 4) return privateNetworks.check(address, 'ipv4')
  const inner = embeddedAddress(address)
  return privateNetworks.check(address, 'ipv6') || (inner !== null && privateNetworks.check(inner, 'ipv4'))
}

/**
 * The IPv4 address in one of IPv6 that stands for it: mapped and compatible (RFC 4291, 2.5.5), translated (RFC 2765, 2.1), NAT64 (RFC
 * 6052), 6to4 (RFC 3056). Null for any other.
 */
function embeddedAddress(address: string): string | null {
  // A resolver may spell the last part as IPv4; the parser gives one spelling.
  const plain = URL.parse(`http://[${address}]`)?.hostname.slice(1, -1) ?? address
  const groups = groupsOf(plain)
  const [first = 0, second = 0, third = 0] = groups
  const [high = 0, low = 0] = first === 0x2002 ? [second, third] : groups.slice(6)
  const head = groups
    .slice(0, 6)
    .map((group) => group.toString(16))
    .join(':')
  const isEmbedded = first === 0x2002 || EMBEDDING.includes(head) || (head === '0:0:0:0:0:0' && high > 0)
  return isEmbedded ? [high, low].flatMap((part) => [part >> 8, part & 255]).join('.') : null
}

/** The first 96 bits of what stands for IPv4; all zeros stand for it too, but for `::` and `::1`. */
const EMBEDDING = ['0:0:0:0:0:ffff', '0:0:0:0:ffff:0', '64:ff9b:0:0:0:0']

/** The eight groups of an IPv6 address without a dotted end. */
function groupsOf(address: string): number[] {
  const [front = [], back = []] = address
    .split('::', 2)
    .map((part) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))))
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back]
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
  return (host.startsWith('[') ? embeddedAddress(host.slice(1, -1)) : null) ?? host
}

/** The same with the port where that is not the scheme's own. */
export function canonicalAuthority(url: URL): string {
  return url.port === '' ? canonicalHost(url) : `${canonicalHost(url)}:${url.port}`
}
