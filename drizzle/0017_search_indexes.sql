-- safe: writes of links wait while this index is built; redirects and reads do not. Where that is too long, run the statement by hand before the release, with CONCURRENTLY
CREATE INDEX IF NOT EXISTS "urls_special" ON "urls" USING gin (string_to_array(regexp_replace(("original_url" || coalesce("title", '') || "short_code") collate "C", '[A-Za-z0-9]+', '', 'g'), null));--> statement-breakpoint
-- The planner needs the frequency of each character. Autovacuum collects it only after many changes.
ANALYZE "urls";
