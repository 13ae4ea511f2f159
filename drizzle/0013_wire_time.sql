-- Formats a time as wireTime() of schema/shapes/text.ts does: UTC, whole seconds, no zone. A year before 0000
-- or past 9999 has a sign and six digits, and times outside the range of ECMAScript become the nearest in it.
CREATE FUNCTION wire_time(timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN $1 >= '0001-01-01 00:00:00+00' AND $1 < '10000-01-01 00:00:00+00'
    THEN to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
    WHEN $1 = '-infinity' THEN '-271821-04-20T00:00:00'
    ELSE (
      SELECT CASE
          WHEN year = 0 THEN '0000'
          ELSE CASE WHEN year < 0 THEN '-' ELSE '+' END || lpad(abs(year)::text, 6, '0')
        END || to_char(near, '-MM-DD"T"HH24:MI:SS')
      FROM (SELECT least($1, '275760-09-13 00:00:00+00') AT TIME ZONE 'UTC' AS near WHERE $1 IS NOT NULL) AS bounded,
      -- PostgreSQL's year before 1 is -1, that of ISO 8601 is 0.
      LATERAL (SELECT extract(year FROM near)::int + CASE WHEN extract(year FROM near) < 0 THEN 1 ELSE 0 END AS year) AS dated
    )
  END
$$;
