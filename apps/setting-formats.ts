import { isIP } from 'node:net'
import { isPolicy } from '#platform/limits/policy.ts'

/** Formats of settings that are neither a word nor a number. */

/** Returns the parts of a comma-separated list. */
export function splitList(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
}

/**
 * True if `value` is an http origin as browsers send it (RFC 6454, section 6.1): no path, capitals or default
 * port.
 */
function isOrigin(value: string): boolean {
  return /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value
}

/**
 * True if `value` is an http URL that can be a prefix of paths. It has no user name, query, fragment, or
 * backslash, which parsers read as a slash.
 */
function isBaseUrl(value: string): boolean {
  return /^https?:\/\/[^\s\\/?#@]+(\/[^\s\\?#]*)?$/.test(value) && URL.canParse(value)
}

/** True if `value` names one of our own pages or is an http URL. */
function isHomePage(value: string): boolean {
  return (
    ['dashboard', 'docs', 'landing'].includes(value) || (/^https?:\/\//.test(value) && URL.canParse(value))
  )
}

/**
 * Schemes that a browser would run, or read from the visitor's own machine. They are never allowed in
 * targets.
 */
const UNSAFE_SCHEMES = [
  'javascript',
  'vbscript',
  'data',
  'blob',
  'file',
  'filesystem',
  'about',
  'view-source'
]

/** True if `value` lists one or more schemes (RFC 3986, section 3.1) in lower case, and no unsafe one. */
function isSchemeList(value: string): boolean {
  const schemes = splitList(value)
  return (
    schemes.length > 0 &&
    schemes.every((scheme) => /^[a-z][a-z\d+.-]*$/.test(scheme) && !UNSAFE_SCHEMES.includes(scheme))
  )
}

/** True if `value` is the host of an http URL, with or without a port (RFC 3986, section 3.2). */
function isHost(value: string): boolean {
  return !/[/?#@\\\s]/.test(value) && URL.canParse(`http://${value}`)
}

/** True if `value` is an IP address or a CIDR block (RFC 4632). */
function isNetwork(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

/** True if `value` may be a short code. */
function isCode(value: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(value)
}

const each = (isGood: (value: string) => boolean) => (value: string) => splitList(value).every(isGood)

/** The checks by the names in `format` of settings. */
export const FORMATS: Record<string, (value: string) => boolean> = {
  'base-url': isBaseUrl,
  'home-page': isHomePage,
  origins: each(isOrigin),
  networks: each(isNetwork),
  hosts: each(isHost),
  schemes: isSchemeList,
  codes: each(isCode),
  'rate-limit': isPolicy
}
