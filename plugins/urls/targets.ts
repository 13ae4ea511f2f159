import { isIP } from 'node:net'
import { canonicalAuthority, canonicalHost, isPrivateAddress } from '#platform/net/networks.ts'

/** Where a link may lead, judged when it is created or its target changed; imports bring what was accepted elsewhere. */

export interface TargetRules {
  /** Where people reach this server: nothing under it is a target, for a link to it leads in a circle. */
  publicUrl: string | undefined
  /** Other hosts that lead to this server, with the port where it is not the usual one. */
  ownHosts: readonly string[]
  /** Whether hosts that only a private network knows are targets. */
  allowsPrivate: boolean
  /** Whether a URL leads to a host that is blocked. */
  blocks(url: string): boolean
}

/** What is wrong with a target: the end of a sentence that begins with the field. */
export type Verdict =
  | 'must not hold a user name or password'
  | 'leads back here'
  | 'leads into a private network'
  | 'leads to a host that is blocked'

/** What a target is judged by beside itself. */
export interface TargetContext {
  /** The field that errors blame; `original_url` when not said. */
  blamed?: string
  /** The address of this server that the client used. */
  here?: string
}

/**
 * Gives the judge of targets, which takes an absolute URL and gives what is wrong with it, or null. Without `publicUrl` only the request
 * tells where people reach this server: `here`.
 */
export function createTargetCheck({ publicUrl, ownHosts, allowsPrivate, blocks }: TargetRules) {
  const own = new Set(ownHosts.map((host) => canonicalAuthority(new URL(`http://${host}`))))

  function leadsHome(url: URL, here: string | undefined): boolean {
    const authority = canonicalAuthority(url)
    if (own.has(authority)) return true
    const address = publicUrl ?? here
    const home = address === undefined ? null : URL.parse(`${address}/`)
    if (home === null || authority !== canonicalAuthority(home)) return false
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

/** Names that only resolve within (RFC 6761, 6762, 8375, ICANN's .internal), or without a dot at all. */
const PRIVATE_NAME = /^[^.]*$|(^|\.)(localhost|local|internal|home\.arpa)$/

function isPrivateHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '')
  return isIP(address) === 0 ? PRIVATE_NAME.test(host) : isPrivateAddress(address)
}
