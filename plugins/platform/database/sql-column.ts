/**
 * A column of numbers, ids or hexadecimal digits as the text of an array (PostgreSQL manual, 8.15.2), null for NULL; cast
 * it in the statement. For sets of thousands: drizzle and node-postgres would quote each value by itself, which costs
 * more than the rest of the way. Takes nothing that needs quotes.
 */
export function columnOf<Row>(rows: readonly Row[], read: (row: Row) => number | string | null): string {
  let text = '{'
  for (const row of rows) text += `${text.length > 1 ? ',' : ''}${read(row) ?? 'NULL'}`
  return `${text}}`
}
