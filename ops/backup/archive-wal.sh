#!/usr/bin/env bash
# PostgreSQL's archive_command: keeps a finished WAL segment. In postgresql.conf:
#   archive_mode = on
#   archive_command = 'BACKUP_DIR=/backup /opt/fairlead/backup/archive-wal.sh "%p" "%f"'
#   archive_timeout = 60      so many seconds may be lost with the machine
# Succeeds only when the segment is on the disk under its name; PostgreSQL keeps it and tries again otherwise.
. "$(dirname "$0")/common.sh"
read_settings
[ $# -eq 2 ] || fail 'usage: archive-wal.sh PATH NAME'
[[ $2 =~ ^[0-9A-F]{8}(\.history|[0-9A-F]{16}(\.partial|\.[0-9A-F]{8}\.backup)?)$ ]] || fail "$2 is no name of WAL"

mkdir -p "$BACKUP_DIR/wal"
target=$BACKUP_DIR/wal/$2.gz
if [ -e "$target" ]; then
  # A second try after a crash is no failure; another server's segment of the same name is.
  if gzip -dc "$target" | cmp -s - "$1"; then exit 0; fi
  fail "$target is there with other contents: does another server archive to this folder?"
fi
draft=$(mktemp "$BACKUP_DIR/wal/.partial-XXXXXX")
trap 'rm -f "$draft"' EXIT
gzip -1 -c "$1" > "$draft"
sync "$draft"
mv -n "$draft" "$target"
[ ! -e "$draft" ] || fail "$target appeared meanwhile"
sync "$BACKUP_DIR/wal"
