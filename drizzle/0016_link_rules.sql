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
-- safe: the index is partial, and no link has a value for it yet: its build reads the links once, while writes of links wait
CREATE INDEX IF NOT EXISTS "urls_tags" ON "urls" USING gin ("tags") WHERE "urls"."tags" <> '{}' and "urls"."deleted_at" is null;--> statement-breakpoint
-- safe: as above
CREATE INDEX IF NOT EXISTS "urls_aliases" ON "urls" USING btree ("alias_of") WHERE "urls"."alias_of" is not null;--> statement-breakpoint
-- safe: as above
CREATE UNIQUE INDEX IF NOT EXISTS "urls_folded_key" ON "urls" USING btree ("domain","folded_code") WHERE "urls"."folded_code" is not null;--> statement-breakpoint
-- safe: writes of links wait while it is built; where that is too long, run it by hand before the release, with CONCURRENTLY
CREATE INDEX IF NOT EXISTS "urls_target" ON "urls" USING btree (hashtextextended("original_url", 0),"id") WHERE "urls"."deleted_at" is null;
