CREATE TABLE "url_stats_daily" (
	"url_id" bigint NOT NULL,
	"day" date NOT NULL,
	"clicks" bigint DEFAULT 0 NOT NULL,
	"bots" bigint DEFAULT 0 NOT NULL,
	"visitors" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "url_stats_daily_pkey" PRIMARY KEY("url_id","day")
);
--> statement-breakpoint
CREATE TABLE "url_stats_hourly" (
	"url_id" bigint NOT NULL,
	"hour" timestamp (0) with time zone NOT NULL,
	"clicks" bigint DEFAULT 0 NOT NULL,
	"bots" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "url_stats_hourly_pkey" PRIMARY KEY("url_id","hour")
);
--> statement-breakpoint
CREATE TABLE "url_visitors" (
	"day" date NOT NULL,
	"url_id" bigint NOT NULL,
	"visitor" bigint NOT NULL,
	CONSTRAINT "url_visitors_pkey" PRIMARY KEY("day","url_id","visitor")
) PARTITION BY LIST ("day");
--> statement-breakpoint
CREATE TABLE "visitor_salts" (
	"day" date PRIMARY KEY NOT NULL,
	"salt" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE INDEX "url_stats_daily_rank" ON "url_stats_daily" USING btree ("day","clicks","url_id");
--> statement-breakpoint
CREATE INDEX "events_time" ON "events" USING brin ("timestamp");
--> statement-breakpoint
-- Room in each page for the new versions of rows that are counted up all day.
ALTER TABLE "url_stats_hourly" SET (fillfactor = 80);
--> statement-breakpoint
ALTER TABLE "url_stats_daily" SET (fillfactor = 80);
--> statement-breakpoint
-- Makes the partition of url_visitors for one day if it is missing. Callers may race: the lock makes the second one
-- find the work done. Gives true when it made one. Unlogged: who came is in no archive and
-- on no standby, and writes no log; a crash of the server empties it, and who comes again that day is counted again.
CREATE FUNCTION "ensure_visitors_partition"("of_day" date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  partition_name text := 'url_visitors_' || to_char("of_day", 'YYYY_MM_DD');
BEGIN
  IF to_regclass(partition_name) IS NOT NULL THEN RETURN false; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('fairlead.visitors.partitions'));
  IF to_regclass(partition_name) IS NOT NULL THEN RETURN false; END IF;
  EXECUTE format('CREATE UNLOGGED TABLE %I (LIKE url_visitors)', partition_name);
  EXECUTE format('ALTER TABLE url_visitors ATTACH PARTITION %I FOR VALUES IN (%L)', partition_name, "of_day");
  RETURN true;
END
$$;
--> statement-breakpoint
-- Clicks that were stored before there were rollups; 0 stands for all links.
INSERT INTO "url_stats_hourly" ("url_id", "hour", "clicks", "bots")
SELECT counted.id, date_trunc('hour', "timestamp"), count(*), count(*) FILTER (WHERE details->'bot' = 'true')
FROM "events" CROSS JOIN LATERAL (VALUES ("url_id"), (0)) AS counted(id)
WHERE "event_type" = 'click' GROUP BY 1, 2;
--> statement-breakpoint
INSERT INTO "url_stats_daily" ("url_id", "day", "clicks", "bots")
SELECT "url_id", ("hour" AT TIME ZONE 'UTC')::date, sum("clicks"), sum("bots") FROM "url_stats_hourly" GROUP BY 1, 2;
