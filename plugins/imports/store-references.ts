import type { ClientBase } from 'pg'
import type { Remark } from './contract.ts'
import type { Column } from './kinds.ts'

/**
 * Finds staged references to missing rows, each with its first line. A foreign key would reject them, but
 * files may come in any order and some referenced rows never come.
 */
export async function findUnknown(client: ClientBase, { name, refersTo }: Column): Promise<Remark[]> {
  if (refersTo === undefined) return []
  const { rows } = await client.query<{ id: string; line: string }>(`
    SELECT ${name} AS id, min(line) AS line FROM staging WHERE ${name} IS NOT NULL
    GROUP BY ${name} HAVING NOT EXISTS (SELECT FROM ${refersTo} WHERE ${refersTo}.id = staging.${name})
    ORDER BY min(line) LIMIT 1000`)
  const noun = refersTo.slice(0, -1)
  return rows.map(({ id, line }) => ({ line: Number(line), reason: `${noun} ${id} is not known (yet)` }))
}
