-- safe: writes of links wait while these indexes are built; redirects and reads do not. Where that is too long, run the statements by hand before the release, with CONCURRENTLY
CREATE INDEX IF NOT EXISTS "urls_created" ON "urls" USING btree ("created_at","id") WHERE "urls"."deleted_at" is null;--> statement-breakpoint
-- safe: as above
CREATE INDEX IF NOT EXISTS "urls_updated" ON "urls" USING btree ("updated_at","id") WHERE "urls"."deleted_at" is null;--> statement-breakpoint
-- safe: as above
CREATE INDEX IF NOT EXISTS "urls_title" ON "urls" USING btree (lower(left("title", 64) collate "C"),"id") WHERE "urls"."deleted_at" is null;--> statement-breakpoint
-- safe: as above
CREATE INDEX IF NOT EXISTS "urls_expires" ON "urls" USING btree ("expires_at","id") WHERE "urls"."expires_at" is not null and "urls"."deleted_at" is null;--> statement-breakpoint
-- safe: as above
CREATE INDEX IF NOT EXISTS "urls_inactive" ON "urls" USING btree ("id") WHERE not "urls"."is_active" and "urls"."deleted_at" is null;--> statement-breakpoint
-- The expression is searchedText() of schema/tables/urls.ts. PostgreSQL without the extension searches by
-- reading all links. Its operator class is in the schema of the extension, which may be older than this.
-- safe: as above, and it runs nothing but CREATE EXTENSION and CREATE INDEX
DO $$
DECLARE home name;
BEGIN
  BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
  EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file THEN
    RAISE WARNING 'no pg_trgm, so a search of links reads all of them: %', SQLERRM;
  END;
  SELECT nspname INTO home FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'pg_trgm';
  IF FOUND THEN
    EXECUTE format(
      'CREATE INDEX IF NOT EXISTS urls_search ON urls USING gin (lower((original_url || '' '' || coalesce(title, '''') || '' '' || short_code) collate "C") %I.gin_trgm_ops)',
      home
    );
  END IF;
END
$$;
