import type { ClientBase } from 'pg'
import type { KindName } from './contract.ts'

/** The sequences that generate ids. */

/** The last id that the sequence of a table gave. */
export async function findLastDrawn(client: ClientBase, name: KindName): Promise<number> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT last_value - (NOT is_called)::int AS id FROM ${name}_id_seq`
  )
  return Number(rows[0]?.id ?? 0)
}

/**
 * Moves a sequence past `id`, never backwards. PostgreSQL can't lock a sequence, so a short distance is
 * covered by `nextval`, which is atomic. A long distance takes one `setval`; only a thousand concurrent draws
 * could make that a step back. The sequence moves before the rows are inserted and does not roll back, so no
 * later draw returns their ids.
 */
export async function passSequence(client: ClientBase, sequence: string, id: number): Promise<void> {
  await client.query(
    `SELECT CASE
       WHEN gap > 1000 THEN setval('${sequence}', $1::bigint)
       WHEN gap > 0 THEN (SELECT max(nextval('${sequence}')) FROM generate_series(1, gap))
     END
     FROM (SELECT $1::bigint - last_value + (NOT is_called)::int AS gap FROM ${sequence}) AS distance`,
    [id]
  )
}
