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
