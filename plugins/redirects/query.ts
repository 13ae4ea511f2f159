import { MAX_LOCATION_BYTES } from '#schema/shapes/location.ts'

/** Queries of targets, as text: a parser would change the bytes of the target that need no change. */

/**
 * Adds the parameters of `query` (without its `?`) to a location, in place of parameters of the same names.
 * Returns the location unchanged if the result does not fit a header.
 */
export function replaceParameters(location: string, query: string): string {
  const added = query.split('&').filter(Boolean)
  if (added.length === 0) return location
  const [, address = '', , present = '', fragment = ''] = /^([^?#]*)(\?([^#]*))?(#.*)?$/s.exec(location) ?? []
  const names = new Set(added.map(nameOf))
  const kept = present.split('&').filter((parameter) => parameter !== '' && !names.has(nameOf(parameter)))
  const result = `${address}?${[...kept, ...added].join('&')}${fragment}`
  return result.length > MAX_LOCATION_BYTES ? location : result
}

/** Returns the query of a request's URL that goes on to the target, encoded for a header. */
export function forwardedQuery(url: string): string {
  const start = url.indexOf('?')
  if (start === -1) return ''
  // Node reads each byte of a URL as one character.
  return url
    .slice(start + 1)
    .replace(
      /[^\x21-\x7e]|#/g,
      (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`
    )
}

function nameOf(parameter: string): string {
  const [name = ''] = parameter.split('=', 1)
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}
