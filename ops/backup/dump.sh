#!/usr/bin/env bash
# A logical backup: the whole database at one moment, for any later version of PostgreSQL. Prints the new backup's folder.
# Settings: see common.sh. Needs a user that may read all tables. Restored by restore-dump.sh.
. "$(dirname "$0")/common.sh"
read_settings
need_program pg_dump

begin dumps
pg_dump --format=custom --no-owner --no-privileges --file="$draft/fairlead.dump"
# A dump that can't list what is in it is none.
pg_restore --list "$draft/fairlead.dump" > "$draft/contents"
finish
tell dump
keep dumps "${BACKUP_KEEP_DUMPS:-7}"
