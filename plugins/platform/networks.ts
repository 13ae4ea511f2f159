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

/** The IPv4 address in one of IPv6 that stands for it: mapped (RFC 4291, 2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056). */
function embeddedAddress(address: string): string | null {
  // A resolver may spell the last part as IPv4; the parser gives one spelling.
  const plain = URL.parse(`http://[${address}]`)?.hostname.slice(1, -1) ?? address
  const [, high, low] =
    /^(?:::ffff:|64:ff9b::|::)([\da-f]{1,4}):([\da-f]{1,4})$/.exec(plain) ??
    /^2002:([\da-f]{1,4}):([\da-f]{1,4}):/.exec(plain) ??
    []
  if (high === undefined || low === undefined) return null
  const bits = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return bits.flatMap((part) => [part >> 8, part & 255]).join('.')
}

/** The one spelling of `host`, a name or an address with or without a port: `EXAMPLE.com.` is `example.com` (RFC 1034, section 3.1). */
export function plainHost(host: string): string {
  return host.toLowerCase().replace(/\.(?=:\d+$|$)/, '')
}
