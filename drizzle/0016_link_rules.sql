CREATE TABLE "tags" (
	"name" text PRIMARY KEY NOT NULL,
	"color" text,
	"created_at" timestamp (0) with time zone DEFAULT date_trunc('second', now()) NOT NULL
);
--> statement-breakpoint
CREATE TABLE "url_passwords" (
	"url_id" bigint PRIMARY KEY NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "urls" ADD COLUMN "starts_at" timestamp (0) with time zone;--> statement-breakpoint
ALTER TABLE "urls" ADD COLUMN "expired_url" text;--> statement-breakpoint
ALTER TABLE "urls" ADD COLUMN "redirect_status" smallint DEFAULT 302 NOT NULL;--> statement-breakpoint
ALTER TABLE "urls" ADD COLUMN "forward_query" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "urls" ADD COLUMN "utm" jsonb;--> statement-breakpoint
ALTER TABLE "urls" ADD COLUMN "tags" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "urls" ADD COLUMN "max_visits" bigint;--> statement-breakpoint
ALTER TABLE "urls" ADD COLUMN "visits_used" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "urls" ADD COLUMN "password_version" integer;--> statement-breakpoint
ALTER TABLE "urls" ADD COLUMN "alias_of" bigint;--> statement-breakpoint
ALTER TABLE "urls" ADD COLUMN "aliases" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "urls" ADD COLUMN "folded_code" text;--> statement-breakpoint
ALTER TABLE "urls" ADD COLUMN "is_guarded" boolean DEFAULT false NOT NULL;--> statement-breakpoint
-- safe: writes of links wait while this index is built; redirects and reads do not. Where that is too long, run the statement by hand before the release, with CONCURRENTLY
CREATE INDEX IF NOT EXISTS "urls_special" ON "urls" USING gin (string_to_array(regexp_replace(("original_url" || coalesce("title", '') || "short_code") collate "C", '[A-Za-z0-9]+', '', 'g'), null));--> statement-breakpoint
-- safe: the index is partial, and no link has a value for it yet: its build reads the links once, while writes of links wait
CREATE INDEX IF NOT EXISTS "urls_tags" ON "urls" USING gin ("tags") WHERE "urls"."tags" <> '{}';--> statement-breakpoint
-- safe: the index has deleted links only: its build reads the links once, while writes of links wait
CREATE INDEX IF NOT EXISTS "urls_deleted" ON "urls" USING btree ("id") WHERE "urls"."deleted_at" is not null and "urls"."alias_of" is null;--> statement-breakpoint
-- safe: as urls_tags
CREATE INDEX IF NOT EXISTS "urls_starts" ON "urls" USING btree ("starts_at") WHERE "urls"."starts_at" is not null and "urls"."deleted_at" is null;--> statement-breakpoint
-- safe: as urls_tags
CREATE INDEX IF NOT EXISTS "urls_limited" ON "urls" USING btree ("id") WHERE "urls"."max_visits" is not null and "urls"."deleted_at" is null;--> statement-breakpoint
-- safe: as urls_tags
CREATE INDEX IF NOT EXISTS "urls_protected" ON "urls" USING btree ("id") WHERE "urls"."password_version" is not null and "urls"."deleted_at" is null;--> statement-breakpoint
-- safe: the index has few links, those with an unusual spelling of their host: its build reads the links once, while writes of links wait
CREATE INDEX IF NOT EXISTS "urls_odd" ON "urls" USING btree ("id") WHERE ("urls"."expired_url" is not null or "urls"."original_url" !~* '^https?://([a-z0-9-]+[.])*[a-z][a-z0-9-]*[.]?(:[0-9]+)?([/?#]|$)');--> statement-breakpoint
-- safe: as urls_tags
CREATE INDEX IF NOT EXISTS "urls_aliases" ON "urls" USING btree ("alias_of") WHERE "urls"."alias_of" is not null;--> statement-breakpoint
-- safe: as urls_special
CREATE INDEX IF NOT EXISTS "urls_target" ON "urls" USING btree (hashtextextended("original_url", 0),"id") WHERE "urls"."deleted_at" is null;--> statement-breakpoint
-- safe: as urls_tags
CREATE UNIQUE INDEX IF NOT EXISTS "urls_folded_key" ON "urls" USING btree ("domain","folded_code") WHERE "urls"."folded_code" is not null;--> statement-breakpoint
-- The previous release may not activate a link whose restriction it ignores. NOT VALID, because no row has both.
-- safe: no statement of the previous release sets is_guarded
ALTER TABLE "urls" ADD CONSTRAINT "urls_guarded" CHECK (not ("urls"."is_active" and "urls"."is_guarded")) NOT VALID;--> statement-breakpoint
-- The planner needs the frequency of each special character. Autovacuum collects it only after many changes.
ANALYZE "urls";
