#!/usr/bin/env bash
# Restores a dump into an empty database (PGDATABASE), all of it or nothing:
#   restore-dump.sh                     the newest
#   restore-dump.sh 20261125T020000Z    that one
# Settings: see common.sh.
. "$(dirname "$0")/common.sh"
read_settings
need_program pg_restore

name=${1:-$(newest dumps | head -n 1)}
source=$BACKUP_DIR/dumps/$name
[ -n "$name" ] && [ -d "$source" ] || fail "there is no dump ${name:-at all}; there are: $(newest dumps | tr '\n' ' ')"
verify "$source"
tables=$(psql -XAtc "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')") ||
  fail 'the server does not answer'
[ "$tables" -eq 0 ] || fail "the database ${PGDATABASE:-} has $tables tables: nothing is restored over what is there"
pg_restore --exit-on-error --single-transaction --no-owner --no-privileges --dbname="${PGDATABASE:-${PGUSER:-}}" "$source/fairlead.dump"
# Without statistics the first queries would be planned blindly.
psql -XAtqc 'ANALYZE'
echo "restored $source"
