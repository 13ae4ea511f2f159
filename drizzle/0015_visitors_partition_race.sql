-- Makes the partition of url_visitors for one day if it is missing, as before. Callers may race: the lock makes the
-- second one find the work done. It looks into pg_class: to_regclass may answer from the cache of its session, which
-- does not hear of other sessions' tables while it waits for that lock.
CREATE OR REPLACE FUNCTION "ensure_visitors_partition"("of_day" date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  partition_name text := 'url_visitors_' || to_char("of_day", 'YYYY_MM_DD');
BEGIN
  IF to_regclass(partition_name) IS NOT NULL THEN RETURN false; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('fairlead.visitors.partitions'));
  IF EXISTS (SELECT FROM pg_class WHERE relname = partition_name AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'url_visitors'::regclass)) THEN RETURN false; END IF;
  EXECUTE format('CREATE UNLOGGED TABLE %I (LIKE url_visitors)', partition_name);
  EXECUTE format('ALTER TABLE url_visitors ATTACH PARTITION %I FOR VALUES IN (%L)', partition_name, "of_day");
  RETURN true;
END
$$;
