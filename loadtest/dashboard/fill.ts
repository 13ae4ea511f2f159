import { codeOf, grow, preparePartitions } from '#loadtest/scale/seed.ts'
import type { Testbed } from '#loadtest/testbed.ts'

/** Fills a migrated database as `loadtest/scale` does, and adds the clicks of one popular link. */

/** The link with the many clicks, in the middle of the list. */
export interface Popular {
  id: number
  code: string
}

const DAYS = 60

export async function fillDatabase(
  testbed: Pick<Testbed, 'query'>,
  { links, clicks }: { links: number; clicks: number }
): Promise<Popular> {
  const popular = { id: Math.ceil(links / 2), code: codeOf(Math.ceil(links / 2)) }
  await preparePartitions(testbed)
  await grow(testbed, 0, links)
  await testbed.query(
    `WITH clicks AS MATERIALIZED (
       SELECT date_trunc('second', now() - random() * interval '${DAYS} days') AS at
       FROM generate_series(1, $2::bigint)
     ), stored AS (
       INSERT INTO events (url_id, event_type, "timestamp", details, click_id)
       SELECT $1::bigint, 'click', at, jsonb_build_object('short_code', $3::text,
         'referrer', 'https://news.example/', 'user_agent', 'Mozilla/5.0 Firefox/140.0'), gen_random_uuid()
       FROM clicks
     ), hourly AS (
       INSERT INTO url_stats_hourly (url_id, hour, clicks)
       SELECT id, date_trunc('hour', at), count(*)
       FROM clicks CROSS JOIN LATERAL (VALUES ($1::bigint), (0)) AS counted(id) GROUP BY 1, 2
       ON CONFLICT (url_id, hour) DO UPDATE SET clicks = url_stats_hourly.clicks + excluded.clicks
     )
     INSERT INTO url_stats_daily (url_id, day, clicks)
     SELECT id, (at AT TIME ZONE 'UTC')::date, count(*)
     FROM clicks CROSS JOIN LATERAL (VALUES ($1::bigint), (0)) AS counted(id) GROUP BY 1, 2
     ON CONFLICT (url_id, day) DO UPDATE SET clicks = url_stats_daily.clicks + excluded.clicks`,
    [popular.id, clicks, popular.code]
  )
  await testbed.query('VACUUM ANALYZE')
  return popular
}
