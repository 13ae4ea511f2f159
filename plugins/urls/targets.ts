import { isIP } from 'node:net'
import { canonicalAuthority, canonicalHost, isPrivateAddress } from '#platform/networks.ts'

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

/** Gives the judge of targets, which takes an absolute URL and gives what is wrong with it, or null. */
export function createTargetJudge({ publicUrl, ownHosts, allowsPrivate, blocks }: TargetRules) {
  const own = new Set(ownHosts.map((host) => canonicalAuthority(new URL(`http://${host}`))))
  const home = publicUrl === undefined ? null : new URL(`${publicUrl}/`)

  function leadsHome(url: URL): boolean {
    const authority = canonicalAuthority(url)
    if (own.has(authority)) return true
    if (home === null || authority !== canonicalAuthority(home)) return false
    return `${url.pathname}/`.startsWith(home.pathname)
  }

  return function judge(target: string): Verdict | null {
    const url = new URL(target)
    if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
    if (leadsHome(url)) return 'leads back here'
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

/** Whether `target` leads to the server that a request reached at `here`, both absolute URLs, by whatever path. */
export function leadsTo(target: string, here: string): boolean {
  const [one, other] = [URL.parse(target), URL.parse(here)]
  return one !== null && other !== null && canonicalAuthority(one) === canonicalAuthority(other)
}
