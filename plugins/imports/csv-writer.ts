/** Writes CSV like Python's csv module and PostgreSQL: it quotes only where needed. */

/**
 * Formats one line with its end. Null becomes an empty field and empty text a quoted empty field, so that
 * reading the line returns the same values.
 */
export function formatCsvLine(fields: readonly (string | null)[]): string {
  return `${fields.map(formatField).join(',')}\n`
}

function formatField(field: string | null): string {
  if (field === null) return ''
  if (field === '') return '""'
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}
