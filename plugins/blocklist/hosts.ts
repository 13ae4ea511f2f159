import { isIP } from 'node:net'
import { canonicalHost } from '#platform/net/networks.ts'

/** Hosts and domains as a list names them, and whether one that a URL leads to is among them. */

/**
 * The entry that `text` names: `example.com` for that host, `.example.com` or `*.example.com` for the domain and all beneath it, in
 * any spelling (capitals, Unicode, IPv4 by number or in IPv6). Null for what is no host, and for addresses with a dot in front.
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

/** The host that `url` leads to, as entries spell it; empty where it leads to none (`mailto:`) or is no URL. */
export function hostOf(url: string): string {
  const parsed = URL.parse(url)
  return parsed === null ? '' : canonicalHost(parsed)
}

/** Tells whether a host, in the spelling of {@link hostOf}, is among `entries`, which an earlier release may have spelt otherwise. */
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
 * Returns `entry` as {@link normalizeEntry} spells it now. Earlier releases stored IPv6 that embeds IPv4 (`[::ffff:7f00:1]`) and
 * trailing dots. Parsing only those entries keeps the rebuild of a long list from blocking requests.
 */
function respell(entry: string): string {
  return entry.startsWith('[') || entry.endsWith('.') ? (normalizeEntry(entry) ?? entry) : entry
}

function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, '')) > 0
}
