#!/usr/bin/env bash
# A base backup: all files of the server, from which with the WAL archive (archive-wal.sh) any later moment can be restored.
# Prints the new backup's folder. Settings: see common.sh. Needs a user with REPLICATION and a line for it in pg_hba.conf.
# Restored by restore-base.sh.
. "$(dirname "$0")/common.sh"
read_settings
need_program pg_basebackup

archiving=$(psql -XAtc "SELECT current_setting('archive_mode')") || fail 'the server does not answer'
[ "$archiving" != off ] || fail 'archive_mode is off: without the WAL archive nothing after this backup could be restored'

begin bases
# The WAL of its own duration is in it: it can be restored even without the archive.
pg_basebackup --pgdata="$draft" --format=tar --gzip --wal-method=stream --checkpoint=fast --no-password
# From this segment on the archive belongs to it, and to moments after this one, by the server's clock, it can be restored.
tar -xOzf "$draft/base.tar.gz" backup_label | sed -n 's/^START WAL LOCATION: .*(file \([0-9A-F]*\))$/\1/p' > "$draft/start-wal"
[ -s "$draft/start-wal" ] || fail 'the backup does not say where it starts'
psql -XAtc 'SELECT ceil(extract(epoch FROM clock_timestamp()))::bigint' > "$draft/finished-at"
finish
tell base
keep bases "${BACKUP_KEEP_BASES:-2}"

# WAL from before the oldest base backup is of no use any more. The names' first eight digits are the timeline. The archive may be
# elsewhere.
[ -d "$BACKUP_DIR/wal" ] || exit 0
oldest=$(newest bases | tail -n 1)
start=$(cat "$BACKUP_DIR/bases/$oldest/start-wal")
find "$BACKUP_DIR/wal" -maxdepth 1 -type f -name '[0-9A-F]*.gz' ! -name '*.history.gz' -printf '%f\n' |
  while read -r segment; do
    if [[ ${segment:8:16} < ${start:8:16} ]]; then rm -f "$BACKUP_DIR/wal/$segment"; fi
  done
