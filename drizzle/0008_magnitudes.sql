-- safe: an older replica that still runs reads the most clicked links slower, and no other query uses it
DROP INDEX "url_stats_daily_rank";--> statement-breakpoint
-- safe: writes the table once, 22 s with its index for ten million rows; statistics wait, redirects don't, and clicks are kept in Redis or on disk meanwhile
ALTER TABLE "url_stats_daily" ADD COLUMN "magnitude" smallint GENERATED ALWAYS AS (floor(4 * log(greatest("url_stats_daily"."clicks", 1)::double precision))::smallint) STORED;--> statement-breakpoint
-- safe: the table is locked by the statement above as it is
CREATE INDEX "url_stats_daily_top" ON "url_stats_daily" USING btree ("day","magnitude","url_id");
