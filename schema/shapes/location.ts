/** The target of a link as a redirect sends it. */

/**
 * Longest `Location` of a link, in bytes. Every client and proxy accepts 8 KiB. The header buffers of
 * ops/nginx/fairlead.conf.template hold that and the other headers of an answer.
 */
export const MAX_LOCATION_BYTES = 8_192

/**
 * Encodes a url for a `Location` header. Visible ASCII is unchanged. A host in other characters becomes
 * Punycode (RFC 3492); the rest is percent-encoded as UTF-8 (RFC 9110, section 5.5; RFC 3987, section 3.1).
 * Existing escapes are not encoded again.
 */
export function toLocation(url: string): string {
  if (/^[\x21-\x7e]*$/.test(url)) return url
  return withPlainHost(url)
    .toWellFormed()
    .replace(/[^\x21-\x7e]+/g, encodeURIComponent)
}

function withPlainHost(url: string): string {
  const [, before = '', host = '', after = ''] =
    /^(https?:\/\/(?:[^/?#@]*@)?)([^/?#@:]+)(.*)$/is.exec(url) ?? []
  if (/^[\x21-\x7e]*$/.test(host)) return url
  const plain = URL.parse(`http://${host}/`)?.hostname
  return plain ? `${before}${plain}${after}` : url
}

/** As {@link withParameters}; returns the location unchanged if the result does not fit a header. */
export function replaceParameters(location: string, query: string): string {
  const result = withParameters(location, query)
  return result.length > MAX_LOCATION_BYTES ? location : result
}

/**
 * Adds the parameters of `query` (without its `?`) to a location, in place of parameters of the same names.
 * It edits the text, because a parser would change bytes that need no change.
 */
export function withParameters(location: string, query: string): string {
  const added = query.split('&').filter(Boolean)
  if (added.length === 0) return location
  const [, address = '', , present = '', fragment = ''] = /^([^?#]*)(\?([^#]*))?(#.*)?$/s.exec(location) ?? []
  const names = new Set(added.map(nameOf))
  const kept = present.split('&').filter((parameter) => parameter !== '' && !names.has(nameOf(parameter)))
  return `${address}?${[...kept, ...added].join('&')}${fragment}`
}

function nameOf(parameter: string): string {
  const [name = ''] = parameter.split('=', 1)
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}
