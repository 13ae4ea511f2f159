#!/usr/bin/env bash
# Takes the backups of a container that has no cron: at once what is older than a day, then each night at BACKUP_AT (02:00, UTC).
# What failed is tried again every ten minutes. Settings: see common.sh, and BACKUP_BASES=off where there is no WAL archive.
#   nightly.sh         runs until it is ended
#   nightly.sh check   ends with 1 when a backup is overdue: for a healthcheck
. "$(dirname "$0")/common.sh"
read_settings
tools=$(cd "$(dirname "$0")" && pwd)
[[ ${BACKUP_AT:=02:00} =~ ^([01][0-9]|2[0-3]):[0-5][0-9]$ ]] || fail "BACKUP_AT is $BACKUP_AT: it must be like 02:00"
kinds=(dump)
case ${BACKUP_BASES:=on} in
  on) kinds+=(base) ;;
  off) ;;
  *) fail "BACKUP_BASES is $BACKUP_BASES: it must be on or off" ;;
esac

# age KIND: seconds since the newest was begun, or since 1970.
age() {
  local name
  name=$(newest "$1s" | head -n 1)
  [ -z "$name" ] || name=$(date -d "${name:0:4}-${name:4:2}-${name:6:2} ${name:9:2}:${name:11:2}:${name:13:2}" +%s)
  echo $(($(date +%s) - ${name:-0}))
}

if [ "${1:-}" = check ]; then
  for kind in "${kinds[@]}"; do
    # Of BackupStale, the alert: a day, and the time that one takes.
    [ "$(age "$kind")" -lt $((26 * 3600)) ] || fail "the last $kind is more than 26 hours old"
  done
  exit 0
fi
[ $# -eq 0 ] || fail 'usage: nightly.sh [check]'

# A shell hears of signals between its children, and while it waits.
child=
trap 'kill "$child" 2> /dev/null || true; exit 0' TERM INT
do_and_wait() {
  "$@" &
  child=$!
  wait "$child"
}

due=()
for kind in "${kinds[@]}"; do
  if [ "$(age "$kind")" -ge 86400 ]; then due+=("$kind"); fi
done
while :; do
  failed=()
  for kind in "${due[@]}"; do
    do_and_wait "$tools/$kind.sh" || failed+=("$kind")
  done
  if [ ${#failed[@]} -gt 0 ]; then
    due=("${failed[@]}")
    do_and_wait sleep 600
  else
    due=("${kinds[@]}")
    # Without $(…): Bash 5.2 can't read the trap when a signal comes amid one, and ends with a syntax error.
    printf -v now '%(%s)T' -1
    seconds=$((10#${BACKUP_AT%:*} * 3600 + 10#${BACKUP_AT#*:} * 60 - now % 86400))
    do_and_wait sleep $((seconds > 0 ? seconds : seconds + 86400))
  fi
done
