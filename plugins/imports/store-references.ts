import type { ClientBase } from 'pg'
import type { Remark } from './report.ts'

/**
 * The ids that staged rows refer to and `table` does not hold, each with the first line that does. No foreign key
 * asks for them: files may come in any order, and what they refer to may never come.
 */
export async function findUnknown(
  client: ClientBase,
  noun: 'user' | 'url',
  table: 'users' | 'urls'
): Promise<Remark[]> {
  const column = `${noun}_id`
  const { rows } = await client.query<{ id: string; line: string }>(`
    SELECT ${column} AS id, min(line) AS line FROM staging WHERE ${column} IS NOT NULL
    GROUP BY ${column} HAVING NOT EXISTS (SELECT FROM ${table} WHERE ${table}.id = staging.${column})
    ORDER BY min(line) LIMIT 1000`)
  return rows.map(({ id, line }) => ({ line: Number(line), reason: `${noun} ${id} is not known (yet)` }))
}
