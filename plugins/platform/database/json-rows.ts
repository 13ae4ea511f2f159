import { type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'

/**
 * A row of a list. `json` is its wire format, a JSON object, as PostgreSQL wrote it: to parse a page of rows
 * and to format it again took most of the time of a list.
 */
export interface JsonRow {
  id: number
  json: string
}

/**
 * Returns the SQL of a JSON text: a compact object with `members`, in their order. Times are in wire format.
 * Select it from a subquery that is limited: PostgreSQL evaluates a select list for skipped rows too.
 */
export function jsonObject(members: Record<string, SQL | PgColumn>): SQL<string> {
  const columns = Object.entries(members).map(
    ([name, value]) => sql`${shown(value)} as ${sql.identifier(name)}`
  )
  return sql<string>`(select row_to_json(shown)::text from (select ${sql.join(columns, sql`, `)}) as shown)`
}

function shown(value: SQL | PgColumn): SQL {
  const isTime = 'getSQLType' in value && value.getSQLType().startsWith('timestamp')
  return isTime ? sql`wire_time(${value})` : sql`${value}`
}
