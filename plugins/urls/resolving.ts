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
  const hostname = hostOf(url)
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

/** More lookups would queue in the system's resolver, and time out there: they would be allowed. */
const LOOKUPS_AT_ONCE = 4
/** Timeout of the lookups of one request. */
const ALL_PATIENCE_MS = 15_000

/** Checks many URLs, each host once. Returns the verdicts by URL; one that is missing came too late. */
export async function resolveAll(
  urls: readonly string[],
  lookup?: Lookup
): Promise<Map<string, boolean | undefined>> {
  const verdicts = new Map<string, boolean>()
  const hosts = new Map(urls.map((url) => [hostOf(url), url]))
  const end = performance.now() + ALL_PATIENCE_MS
  const queue = hosts.entries()
  async function work(): Promise<void> {
    for (const [host, url] of queue) {
      if (performance.now() > end) return
      verdicts.set(host, await resolvesInside(url, lookup))
    }
  }
  await Promise.all(Array.from({ length: LOOKUPS_AT_ONCE }, work))
  return new Map(urls.map((url) => [url, verdicts.get(hostOf(url))]))
}

function hostOf(url: string): string {
  const parsed = URL.parse(url)
  return parsed === null ? '' : canonicalHost(parsed)
}
