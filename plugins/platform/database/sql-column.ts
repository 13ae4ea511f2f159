/**
 * Formats a column of numbers, ids or hexadecimal digits as the text of an array (PostgreSQL manual, 8.15.2).
 * null becomes NULL. Cast the text in the statement. For thousands of values this is cheaper: drizzle and
 * node-postgres quote each value separately, which costs more than the rest of the query. Values must not
 * need quotes.
 */
export function columnOf<Row>(rows: readonly Row[], read: (row: Row) => number | string | null): string {
  let text = '{'
  for (const row of rows) text += `${text.length > 1 ? ',' : ''}${read(row) ?? 'NULL'}`
  return `${text}}`
}
