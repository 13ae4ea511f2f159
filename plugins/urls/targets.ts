import { BlockList, isIP } from 'node:net'

/** Where a link may lead, judged when it is created or its target changed; imports bring what was accepted elsewhere. */

export interface TargetRules {
  /** Where people reach this server: nothing under it is a target, for a link to it leads in a circle. */
  publicUrl: string | undefined
  /** Other hosts that lead to this server, with the port where it is not the usual one. */
  ownHosts: readonly string[]
  /** Whether hosts that only a private network knows are targets. */
  allowsPrivate: boolean
}

/** What is wrong with a target: the end of a sentence that begins with the field. */
export type Verdict =
  | 'must not hold a user name or password'
  | 'leads back here'
  | 'leads into a private network'

/** Gives the judge of targets, which takes an absolute URL and gives what is wrong with it, or null. */
export function createTargetJudge({ publicUrl, ownHosts, allowsPrivate }: TargetRules) {
  const own = new Set(ownHosts.map((host) => plainHost(new URL(`http://${host}`).host)))
  const home = publicUrl === undefined ? null : new URL(`${publicUrl}/`)

  function leadsHome({ host, pathname }: URL): boolean {
    if (own.has(plainHost(host))) return true
    if (home === null || plainHost(host) !== home.host) return false
    return `${pathname}/`.startsWith(home.pathname)
  }

  return function judge(target: string): Verdict | null {
    const url = new URL(target)
    if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
    if (leadsHome(url)) return 'leads back here'
    if (!allowsPrivate && url.hostname !== '' && isPrivateHost(url.hostname))
      return 'leads into a private network'
    return null
  }
}

/** `example.com.` is the same host as `example.com` (RFC 1034, section 3.1). */
function plainHost(host: string): string {
  return host.replace(/\.(?=:\d+$|$)/, '')
}

/** Not reachable for everybody: the special-purpose registries of IANA (RFC 6890), multicast, and what is reserved. */
const PRIVATE: readonly [network: string, bits: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8]
]
const privateNetworks = new BlockList()
for (const [network, bits] of PRIVATE) {
  privateNetworks.addSubnet(network, bits, isIP(network) === 6 ? 'ipv6' : 'ipv4')
}

/** Names that only resolve within (RFC 6761, 6762, 8375, ICANN's .internal), or without a dot at all. */
const PRIVATE_NAME = /^[^.]*$|(^|\.)(localhost|local|internal|home\.arpa)$/

/** Takes the host as the URL parser gives it: lower case, and an address in any spelling as the plain address. */
function isPrivateHost(hostname: string): boolean {
  const host = plainHost(hostname)
  const address = host.replace(/^\[|\]$/g, '')
  const version = isIP(address)
  if (version === 0) return PRIVATE_NAME.test(host)
  if (version === 4) return privateNetworks.check(address, 'ipv4')
  const inner = embeddedAddress(address)
  return privateNetworks.check(address, 'ipv6') || (inner !== null && privateNetworks.check(inner, 'ipv4'))
}

/** The IPv4 address in one of IPv6 that stands for it: mapped (RFC 4291, 2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056). */
function embeddedAddress(address: string): string | null {
  const [, high, low] =
    /^(?:::ffff:|64:ff9b::)([\da-f]{1,4}):([\da-f]{1,4})$/.exec(address) ??
    /^2002:([\da-f]{1,4}):([\da-f]{1,4}):/.exec(address) ??
    []
  if (high === undefined || low === undefined) return null
  const bits = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return bits.flatMap((part) => [part >> 8, part & 255]).join('.')
}
