import { isIP } from 'node:net'
import { canonicalHost } from '#platform/net/networks.ts'

/** Normalises and matches the hosts and domains of a list. */

/**
 * Normalises an entry: `example.com` means that host, `.example.com` or `*.example.com` the domain with all
 * its subdomains. It accepts any spelling (capitals, Unicode, IPv4 as a number or in IPv6). Returns null for
 * anything else, and for addresses with a leading dot.
 */
export function normalizeEntry(text: string): string | null {
  const [, star = '', name = ''] = /^(\*?\.)?(.+)$/s.exec(text.trim()) ?? []
  if (name === '' || name.startsWith('.') || /[\s/?#@\\%]/.test(name)) return null
  const url = URL.parse(`http://${name}/`)
  if (url === null || url.hostname === '' || url.port !== '' || /:\d*$/.test(name.replace(/\[.*\]/, '')))
    return null
  const host = canonicalHost(url)
  if (star === '') return host
  return isAddress(host) ? null : `.${host}`
}

/** The host of `url`, normalised like entries. Empty if it has none (`mailto:`) or is no URL. */
export function hostOf(url: string): string {
  const parsed = URL.parse(url)
  return parsed === null ? '' : canonicalHost(parsed)
}

/**
 * Creates a matcher for hosts normalised by {@link hostOf}. Entries of earlier releases may have another
 * spelling.
 */
export function createMatcher(entries: Iterable<string>): { size: number; matches(host: string): boolean } {
  const listed = new Set(Array.from(entries, respell))
  return {
    size: listed.size,
    matches(host) {
      if (listed.has(host) || listed.has(`.${host}`)) return true
      for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
        if (listed.has(host.slice(dot))) return true
      }
      return false
    }
  }
}

/**
 * Normalises `entry` like {@link normalizeEntry}. Earlier releases stored IPv6 with embedded IPv4
 * (`[::ffff:7f00:1]`) and trailing dots. Parsing only those entries keeps the rebuild of a long list from
 * blocking requests.
 */
function respell(entry: string): string {
  return entry.startsWith('[') || entry.endsWith('.') ? (normalizeEntry(entry) ?? entry) : entry
}

function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, '')) > 0
}
