#!/usr/bin/env bash
# Restores a base backup into an empty data folder, ready to be brought forward by the WAL archive when PostgreSQL starts on it:
#   restore-base.sh DATA                                     as far as the archive goes
#   restore-base.sh DATA --time '2026-11-25 12:00:00+00'     to that moment
#   restore-base.sh DATA --time … --base 20261125T020000Z    from that base backup instead of the newest before the moment
# Run it as the user that PostgreSQL runs as, with BACKUP_DIR set. The server becomes writable by itself when it is there.
. "$(dirname "$0")/common.sh"
read_settings
need_program pg_verifybackup

data=${1:-}
[ -n "$data" ] && [ "${data#-}" = "$data" ] || fail 'usage: restore-base.sh DATA [--time TIMESTAMP] [--base NAME]'
shift
time='' base=''
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || fail "$1 needs a value"
  case $1 in
    --time) time=$2 ;;
    --base) base=$2 ;;
    *) fail "$1 is not an option: --time, --base" ;;
  esac
  shift 2
done
if [ -d "$data" ]; then
  [ -z "$(ls -A "$data")" ] || fail "$data is not empty: nothing is restored over what is there"
elif [ -e "$data" ]; then
  fail "$data is no folder"
fi
if [ -n "$time" ]; then
  seconds=$(date -d "$time" +%s 2> /dev/null) || fail "--time is $time: it must be like 2026-11-25 12:00:00+00"
  target=$(date -d "$time" '+%Y-%m-%d %H:%M:%S.%6N+00')
fi

if [ -z "$base" ]; then
  for candidate in $(newest bases); do
    if [ -z "$time" ] || [ "$(cat "$BACKUP_DIR/bases/$candidate/finished-at")" -le "$seconds" ]; then
      base=$candidate
      break
    fi
  done
  [ -n "$base" ] || fail "no base backup was finished before ${time:-now}; there are: $(newest bases | tr '\n' ' ')"
fi
source=$BACKUP_DIR/bases/$base
[ -d "$source" ] || fail "there is no base backup $base; there are: $(newest bases | tr '\n' ' ')"
verify "$source"

mkdir -p "$data"
chmod 700 "$data"
tar -xzf "$source/base.tar.gz" -C "$data"
tar -xzf "$source/pg_wal.tar.gz" -C "$data/pg_wal"
cp "$source/backup_manifest" "$data/backup_manifest"
pg_verifybackup --quiet "$data" || fail "what was unpacked from $source is not what was backed up"

tools=$(cd "$(dirname "$0")" && pwd)
{
  echo "restore_command = 'BACKUP_DIR=\"$BACKUP_DIR\" \"$tools/fetch-wal.sh\" \"%f\" \"%p\"'"
  if [ -n "$time" ]; then
    echo "recovery_target_time = '$target'"
    echo "recovery_target_action = 'promote'"
  fi
} >> "$data/postgresql.auto.conf"
touch "$data/recovery.signal"
sync -f "$data"
echo "restored $base into $data${time:+, to $target}: start PostgreSQL on it"
