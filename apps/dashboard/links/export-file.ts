import { Url } from '#schema/shapes/url.ts'

/** Files of links, with the fields of the API in the format of `GET /urls` or of an import. */

const FIELDS = Object.keys(Url.properties).filter((name) => name !== 'warnings') as (keyof Url)[]

export type Format = 'csv' | 'json'

export function formatFile(urls: readonly Url[], format: Format): Blob {
  if (format === 'json') {
    const rows = urls.map((url) => Object.fromEntries(FIELDS.map((name) => [name, url[name]])))
    return new Blob([`${JSON.stringify(rows, null, 2)}\n`], { type: 'application/json' })
  }
  // The last column tells an import to remove the apostrophes of `toCell`.
  const lines = [
    [...FIELDS, 'spreadsheet_safe'],
    ...urls.map((url) => [...FIELDS.map((name) => toCell(url[name])), ''])
  ]
  return new Blob(
    lines.map((cells) => `${cells.join(',')}\r\n`),
    { type: 'text/csv' }
  )
}

/**
 * Null is an empty cell. A spreadsheet would run a text that begins like a formula (OWASP, CSV Injection).
 */
function toCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  const text = String(value).replace(/(?<=^|[;\t\r\n])(?='*[=+\-@\t\r\n＝＋－＠])/g, "'")
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
