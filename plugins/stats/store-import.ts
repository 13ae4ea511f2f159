import type { ClientBase } from 'pg'

/**
 * Counts imported clicks in the statistics, in SQL and in the importing transaction. The order of the
 * statements and of their rows (all links, `url_id` 0, last) is that of store-clicks.ts. So concurrent
 * transactions wait and never deadlock. An import has no visitors.
 */

/** Adds the clicks among the staged events to the hours and days of their links and of all links. */
export async function countStagedClicks(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM staging WHERE event_type = 'click') AS found`
  )
  if (!rows[0]?.found) return
  for (const id of ['url_id', '0']) {
    await client.query(add('url_stats_hourly', 'hour', id, `date_trunc('hour', "timestamp", 'UTC')`))
    await client.query(add('url_stats_daily', 'day', id, `("timestamp" AT TIME ZONE 'UTC')::date`))
  }
}

function add(table: string, period: string, id: string, start: string): string {
  return `
    INSERT INTO ${table} AS t (url_id, ${period}, clicks, bots)
    SELECT id, start, count(*), count(*) FILTER (WHERE details->'bot' = 'true')
    FROM (SELECT ${id} AS id, ${start} AS start, details FROM staging WHERE event_type = 'click') AS click
    GROUP BY id, start ORDER BY id, start
    ON CONFLICT (url_id, ${period}) DO UPDATE SET clicks = t.clicks + excluded.clicks, bots = t.bots + excluded.bots`
}
