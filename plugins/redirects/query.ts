import { MAX_LOCATION_BYTES } from '#schema/shapes/location.ts'
import { SCAN_MARK } from '#schema/shapes/qr-drawing.ts'

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

/**
 * Returns the query of a request's URL that goes on to the target, encoded for a header, without the mark of
 * scans.
 */
export function forwardedQuery(url: string): string {
  // Node reads each byte of a URL as one character.
  return parametersOf(url)
    .filter((parameter) => parameter !== SCAN_MARK)
    .join('&')
    .replace(
      /[^\x21-\x7e]|#/g,
      (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`
    )
}

/** True if the URL of a request is that of a QR code. */
export function isScan(url: string): boolean {
  return parametersOf(url).includes(SCAN_MARK)
}

function parametersOf(url: string): string[] {
  const start = url.indexOf('?')
  return start === -1 ? [] : url.slice(start + 1).split('&')
}

function nameOf(parameter: string): string {
  const [name = ''] = parameter.split('=', 1)
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}
