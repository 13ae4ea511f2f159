import { isIP } from 'node:net'
import { canonicalAuthority, canonicalHost, isPrivateAddress } from '#platform/net/networks.ts'

/**
 * Which targets a link may have. The check runs on creation and on a change of the target. Imports skip it,
 * because another system accepted their targets.
 */

export interface TargetRules {
  /**
   * The public address of this server. Nothing under it may be a target: such a link would redirect in a
   * circle.
   */
  publicUrl: string | undefined
  /** Other hosts that reach this server, with the port unless it is the default one. */
  ownHosts: readonly string[]
  /** Allow targets that only a private network can reach. */
  allowsPrivate: boolean
  /** True if a URL has a blocked host. */
  blocks(url: string): boolean
}

/** Why a target is refused: the end of a sentence that begins with the field. */
export type Verdict =
  | 'must not hold a user name or password'
  | 'leads back here'
  | 'leads into a private network'
  | 'leads to a host that is blocked'

/** The context of a target check. */
export interface TargetContext {
  /** The field that errors blame; `original_url` if undefined. */
  blamed?: string
  /** The address of this server that the client used. */
  here?: string
}

/** Returns the name under which an error blames a target: POST /shorten may call `original_url` `url`. */
export function blame(name: string, blamed = 'original_url'): string {
  return name === 'original_url' ? blamed : name
}

/**
 * Creates the check of targets. It takes an absolute URL and returns why it is refused, or null. Without
 * `publicUrl`, the address of this server is that of the request: `here`.
 */
export function createTargetCheck({ publicUrl, ownHosts, allowsPrivate, blocks }: TargetRules) {
  const own = new Set(ownHosts.map((host) => canonicalAuthority(new URL(`http://${host}`))))

  function leadsHome(url: URL, here: string | undefined): boolean {
    const authority = canonicalAuthority(url)
    if (own.has(authority)) return true
    const address = publicUrl ?? here
    const home = address === undefined ? null : URL.parse(`${address}/`)
    if (home === null || (authority !== canonicalAuthority(home) && !isSameLoopback(url, home))) return false
    return `${url.pathname}/`.startsWith(home.pathname)
  }

  return function checkTarget(target: string, here?: string): Verdict | null {
    const url = new URL(target)
    if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
    if (leadsHome(url, here)) return 'leads back here'
    if (!allowsPrivate && url.hostname !== '' && isPrivateHost(canonicalHost(url)))
      return 'leads into a private network'
    if (blocks(target)) return 'leads to a host that is blocked'
    return null
  }
}

/** True if both are names or addresses of this machine, with the same port. */
function isSameLoopback(one: URL, other: URL): boolean {
  return one.port === other.port && [one, other].every((url) => LOOPBACK.test(canonicalHost(url)))
}

/** RFC 6761, section 6.3; RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3. */
const LOOPBACK = /^(?:(?:.*\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** Names that only resolve in private networks (RFC 6761, 6762, 8375, ICANN's .internal), or have no dot. */
const PRIVATE_NAME = /^[^.]*$|(^|\.)(localhost|local|internal|home\.arpa)$/

function isPrivateHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '')
  return isIP(address) === 0 ? PRIVATE_NAME.test(host) : isPrivateAddress(address)
}
