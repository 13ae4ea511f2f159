import type { ClientBase } from 'pg'
import type { KindName } from './contract.ts'

/** The sequences that ids are drawn from. */

/** The last id that a table's sequence has given. */
export async function findLastDrawn(client: ClientBase, name: KindName): Promise<number> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT last_value - (NOT is_called)::int AS id FROM ${name}_id_seq`
  )
  return Number(rows[0]?.id ?? 0)
}

/**
 * Moves a sequence past `id`, never backwards. A sequence can't be locked, so a short way is gone step by step,
 * which is atomic; a long way is one leap, which only a thousand draws in the same moment could undo. It is moved
 * before the rows are inserted, and stays so whatever becomes of them: no later draw can meet their ids.
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
