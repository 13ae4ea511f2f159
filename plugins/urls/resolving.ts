import { isIP } from 'node:net'
import { canonicalHost, isPrivateAddress } from '#platform/net/networks.ts'
import { type Lookup, lookupAll } from '#platform/net/safe-fetch.ts'

/** How long a creation waits for the name server. */
const PATIENCE_MS = 2_000

/**
 * Whether the host of `url` is a name that has a private address now (isPrivateAddress). A name that nobody knows, or that is
 * not answered in time, has none: links may be made before names. Addresses are not asked for.
 */
export async function resolvesInside(url: string, lookup: Lookup = lookupAll): Promise<boolean> {
  const parsed = URL.parse(url)
  const hostname = parsed === null ? '' : canonicalHost(parsed)
  if (hostname === '' || isIP(hostname.replace(/^\[|\]$/g, '')) > 0) return false
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<[]>((done) => {
    timer = setTimeout(done, PATIENCE_MS, [])
  })
  try {
    const found = await Promise.race([lookup(hostname), late])
    return found.some(({ address }) => isPrivateAddress(address))
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
