import { isIP } from 'node:net'
import { canonicalHost, isPrivateAddress } from '#platform/net/networks.ts'
import { type Lookup, lookupAll } from '#platform/net/safe-fetch.ts'

/** Timeout of the name lookup of a creation. */
const PATIENCE_MS = 2_000

/**
 * True if the host of `url` is a name that resolves to a private address (isPrivateAddress). An unknown name,
 * or one that times out, is allowed: links may be created before their names. Addresses need no lookup.
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
