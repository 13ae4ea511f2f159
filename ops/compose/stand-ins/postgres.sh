# Does at the first start what the image postgres does: makes the cluster, its owner with the password of a file, the database.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # shellcheck disable=SC2086 # The arguments are several.
  initdb -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" -E UTF8 --locale=C.UTF-8 --auth-local=trust $POSTGRES_INITDB_ARGS
  echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  pg_ctl start -w -o "-c listen_addresses=''"
  createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl stop -w -m fast
fi
exec "$@"
