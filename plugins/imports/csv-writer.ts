import { endOfString } from '#platform/http/plain-json.ts'

/** Writes CSV as Python's csv module and PostgreSQL do: quotes only where they are needed. */

/**
 * One line of a file, with its end. Null is an empty field; empty text is a quoted empty field, so that reading the
 * line gives the same values.
 */
export function formatCsvLine(fields: readonly (string | null)[]): string {
  return `${fields.map(formatField).join(',')}\n`
}

function formatField(field: string | null): string {
  if (field === null) return ''
  if (field === '') return '""'
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}

/**
 * Takes the spaces out that PostgreSQL puts between the parts of jsonb, and none of those inside strings. By positions: a regular
 * expression for strings overflows the stack at some megabytes.
 */
export function compactJson(text: string): string {
  let compact = ''
  for (let at = 0; ; ) {
    const quote = text.indexOf('"', at)
    compact += text.slice(at, quote === -1 ? undefined : quote).replaceAll(' ', '')
    if (quote === -1) return compact
    at = endOfString(text, quote + 1)
    compact += text.slice(quote, at)
  }
}
