#!/usr/bin/env bash
# PostgreSQL's restore_command: brings a WAL segment back. restore-base.sh puts it into the restored configuration.
# Ends with 1 where there is none, which is how PostgreSQL learns where the archive ends, and above 125 where there is one that
# can't be read: PostgreSQL then stops instead of taking that for the end.
. "$(dirname "$0")/common.sh"
[ $# -eq 2 ] || exit 200
source=$BACKUP_DIR/wal/$1.gz
[ -d "$BACKUP_DIR/wal" ] || exit 200
[ -e "$source" ] || exit 1
if ! gzip -dc "$source" > "$2"; then
  echo "$source is damaged" >&2
  rm -f "$2"
  exit 200
fi
