import type { Testbed } from '#loadtest/testbed.ts'

/**
 * Grows the tables to a size within PostgreSQL itself: ten million rows through the API would take longer
 * than all measurements on them. The rows are as the API writes them, including the rollups.
 */

/** Knuth's multiplier: id × it modulo 2³² visits each number once, so codes are unique and unordered. */
const MULTIPLIER = 2_654_435_761n

/** Returns the code of the link with this id. */
export function codeOf(id: number): string {
  return `s${((BigInt(id) * MULTIPLIER) % 2n ** 32n).toString(16).padStart(8, '0')}`
}

const CODE = `'s' || lpad(to_hex((id * ${MULTIPLIER}) % 4294967296), 8, '0')`
const DAYS = 60

/** Creates the partitions for the months of the clicks. */
export async function preparePartitions(testbed: Pick<Testbed, 'query'>): Promise<void> {
  await testbed.query(
    `SELECT ensure_events_partition(now() - n * interval '20 days') FROM generate_series(0, 4) n`
  )
}

/**
 * Adds the links with ids above `from` up to `to`; each second has tags, each fifth rules. Adds a click for
 * each id over the last 60 days, and the rollups of those clicks. Each click's link is chosen by a squared
 * random number, so that some links are popular and many are not.
 */
export async function grow(testbed: Pick<Testbed, 'query'>, from: number, to: number): Promise<void> {
  await testbed.query(
    `INSERT INTO urls (id, user_id, short_code, original_url, title, created_at, updated_at, tags,
       starts_at, expires_at, expired_url, forward_query, utm)
     SELECT id, 1 + id % 1000, ${CODE}, 'https://acme.dev/scale/' || id, 'Scale ' || id, made, made,
       CASE WHEN id % 2 = 0 THEN ARRAY['even', 't' || id % 1000] ELSE '{}' END,
       CASE WHEN id % 5 = 0 THEN made END, CASE WHEN id % 5 = 0 THEN made + interval '10 years' END,
       CASE WHEN id % 5 = 0 THEN 'https://acme.dev/over' END, id % 5 = 0,
       CASE WHEN id % 5 = 0 THEN '{"source": "mail", "campaign": "scale"}'::jsonb END
     FROM generate_series($1::bigint, $2::bigint) id,
       LATERAL (SELECT date_trunc('second', now() - interval '${DAYS + 1} days' - random() * interval '300 days' + 0 * id * interval '1 s')) AS t(made)`,
    [from + 1, to]
  )
  await testbed.query(
    `WITH clicks AS MATERIALIZED (
       SELECT 1 + floor($2::bigint * random() * random())::bigint AS url_id,
         date_trunc('second', now() - random() * interval '${DAYS} days') AS at
       FROM generate_series($1::bigint, $2::bigint)
     ), stored AS (
       INSERT INTO events (url_id, event_type, "timestamp", details, click_id)
       SELECT id, 'click', at, jsonb_build_object('short_code', ${CODE}), gen_random_uuid()
       FROM (SELECT url_id AS id, at FROM clicks) AS of
     ), hourly AS (
       INSERT INTO url_stats_hourly (url_id, hour, clicks)
       SELECT counted.id, date_trunc('hour', at), count(*)
       FROM clicks CROSS JOIN LATERAL (VALUES (url_id), (0)) AS counted(id) GROUP BY 1, 2
       ON CONFLICT (url_id, hour) DO UPDATE SET clicks = url_stats_hourly.clicks + excluded.clicks
     )
     INSERT INTO url_stats_daily (url_id, day, clicks)
     SELECT counted.id, (at AT TIME ZONE 'UTC')::date, count(*)
     FROM clicks CROSS JOIN LATERAL (VALUES (url_id), (0)) AS counted(id) GROUP BY 1, 2
     ON CONFLICT (url_id, day) DO UPDATE SET clicks = url_stats_daily.clicks + excluded.clicks`,
    [from + 1, to]
  )
  await testbed.query(`SELECT setval('urls_id_seq', (SELECT max(id) FROM urls))`)
  await testbed.query('VACUUM ANALYZE')
}
