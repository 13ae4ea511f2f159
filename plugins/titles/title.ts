/** Extracts the title of a page as text. The page is untrusted, so no input may take long. */

/** Maximum length of a link's title (schema/shapes/url.ts). */
const MAX_LENGTH = 512

/**
 * Returns the text of the first `<title>` of an HTML page, without line breaks, control characters and
 * markup, or null. `page` holds the bytes and `contentType` the header of the response.
 */
export function readTitle(page: Buffer, contentType: string): string | null {
  const html = decoderOf(contentType).decode(page)
  const lower = html.toLowerCase()
  const tag = /<title[\s>]/.exec(lower)?.index ?? -1
  const start = tag === -1 ? -1 : lower.indexOf('>', tag)
  const end = start === -1 ? -1 : lower.indexOf('</title', start)
  // The lower case of some letters (İ) is longer; then the positions do not match the page.
  if (end === -1 || lower.length !== html.length) return null
  const text = plain(decodeReferences(html.slice(start + 1, Math.min(end, start + 1 + 8 * MAX_LENGTH))))
  return text === '' ? null : cut(text)
}

function decoderOf(contentType: string): InstanceType<typeof TextDecoder> {
  const [, charset = 'utf-8'] = /;\s*charset="?([\w-]{1,40})/i.exec(contentType) ?? []
  try {
    return new TextDecoder(charset)
  } catch {
    return new TextDecoder()
  }
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

/**
 * Decodes character references (HTML, section 13.2.5.72): numeric ones and names common in titles. Others
 * stay.
 */
function decodeReferences(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? whole
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return point <= 0x10_ff_ff ? String.fromCodePoint(point) : whole
  })
}

/**
 * Reduces text to one line without control characters and bidirectional controls (Unicode, Cc and
 * Bidi_Control).
 */
function plain(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Truncates text to the maximum length without splitting a surrogate pair. */
function cut(text: string): string {
  if (text.length <= MAX_LENGTH) return text
  return `${text.slice(0, MAX_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
