ALTER TABLE "users" ADD COLUMN "username_twin" text;--> statement-breakpoint
-- safe: holds the twins only; changes of users wait while the table is read once (a second for a million), redirects do not read it
CREATE INDEX "users_username_heir" ON "users" USING btree (coalesce("username_twin", lower("username" collate "C"))) WHERE "users"."username_key" is null;--> statement-breakpoint
-- safe: as above
CREATE INDEX "users_email_heir" ON "users" USING btree (lower("email" collate "C")) WHERE "users"."email_key" is null;