import { formatCsvLine, GUARDED_MARK, guard } from '#schema/shapes/csv.ts'
import { Url } from '#schema/shapes/url.ts'

/** Files of links, with the fields of the API in the format of `GET /urls` or of an import. */

const FIELDS = Object.keys(Url.properties).filter((name) => name !== 'warnings') as (keyof Url)[]

export type Format = 'csv' | 'json'

export function formatFile(urls: readonly Url[], format: Format): Blob {
  if (format === 'json') {
    const rows = urls.map((url) => Object.fromEntries(FIELDS.map((name) => [name, url[name]])))
    return new Blob([`${JSON.stringify(rows, null, 2)}\n`], { type: 'application/json' })
  }
  const lines = [
    [...FIELDS, GUARDED_MARK],
    ...urls.map((url) => [...FIELDS.map((name) => toCell(url[name])), null])
  ]
  return new Blob(lines.map(formatCsvLine), { type: 'text/csv' })
}

function toCell(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return guard(String(value))
}
