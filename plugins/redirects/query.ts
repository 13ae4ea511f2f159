import { SCAN_MARK } from '#schema/shapes/qr-drawing.ts'

/** What the query of a visit is for. */

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
