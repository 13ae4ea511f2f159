-- A year before 0001 or past 9999: one before 0000 or past 9999 has a sign and six digits. Times outside the
-- range of ECMAScript become the nearest in it. PostgreSQL's year before 1 is -1, that of ISO 8601 is 0.
CREATE FUNCTION wire_time_of_far_year(timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN $1 = '-infinity' THEN '-271821-04-20T00:00:00'
    ELSE CASE
        WHEN year = 0 THEN '0000'
        ELSE CASE WHEN year < 0 THEN '-' ELSE '+' END || lpad(abs(year)::text, 6, '0')
      END || to_char(near, '-MM-DD"T"HH24:MI:SS')
    END
  FROM (SELECT least($1, '275760-09-13 00:00:00+00') AT TIME ZONE 'UTC' AS near) AS bounded,
    LATERAL (SELECT CASE WHEN isfinite(near) THEN extract(year FROM near)::int END AS parts) AS dated,
    LATERAL (SELECT parts + CASE WHEN parts < 0 THEN 1 ELSE 0 END AS year) AS astronomical
$$;
--> statement-breakpoint
-- Formats a time as wireTime() of schema/shapes/text.ts does: UTC, whole seconds, no zone. PostgreSQL inlines
-- only functions without subqueries, and a call of another takes up to 100 µs. So rare times are apart.
CREATE FUNCTION wire_time(timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN $1 IS NULL THEN NULL
    WHEN $1 >= '0001-01-01 00:00:00+00'::timestamptz AND $1 < '10000-01-01 00:00:00+00'::timestamptz
    THEN to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
    ELSE wire_time_of_far_year($1)
  END
$$;
