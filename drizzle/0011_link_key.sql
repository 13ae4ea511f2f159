ALTER TABLE "urls" ADD COLUMN IF NOT EXISTS "domain" text DEFAULT '' NOT NULL;--> statement-breakpoint
-- safe: look-ups and changes of links wait while the index is built, 10 s for a million links on a busy machine; redirects of cached links do not. Where that is too long, run both statements by hand before the release, this one with CONCURRENTLY
CREATE UNIQUE INDEX IF NOT EXISTS "urls_link_key" ON "urls" USING btree ("domain","short_code");
