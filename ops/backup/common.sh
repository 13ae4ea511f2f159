# What the backup scripts have in common; they read it, nobody runs it.
#
# The connection is libpq's (PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSFILE), so no password is in a command line.
#   PGPASSWORD_FILE     a file that holds nothing but the password, as containers get secrets
#   BACKUP_DIR          where backups are kept: dumps/, bases/ and wal/
#   BACKUP_KEEP_DUMPS   how many dumps stay (7)
#   BACKUP_KEEP_BASES   how many base backups stay, with the WAL since the oldest (2)
#   BACKUP_METRICS_DIR  node_exporter's folder of text files, to tell Prometheus of the last success; nothing is told when unset
set -euo pipefail
umask 077
export LC_ALL=C TZ=UTC

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

need_program() {
  command -v "$1" > /dev/null || fail "$1 is not on PATH: install PostgreSQL's programs of the server's version"
}

# Checks everything before anything is done, and puts the password where libpq reads it.
read_settings() {
  [ -n "${BACKUP_DIR:-}" ] || fail 'BACKUP_DIR is not set: the folder where backups are kept'
  [ "${BACKUP_DIR#/}" != "$BACKUP_DIR" ] || fail "BACKUP_DIR is $BACKUP_DIR: it must be an absolute path"
  [ -d "$BACKUP_DIR" ] && [ -w "$BACKUP_DIR" ] || fail "BACKUP_DIR is $BACKUP_DIR: no folder that $(id -un) may write to"
  local name
  for name in BACKUP_KEEP_DUMPS BACKUP_KEEP_BASES; do
    [[ ${!name:-1} =~ ^[1-9][0-9]{0,3}$ ]] || fail "$name is ${!name}: it must be a number from 1 to 9999"
  done
  if [ -n "${BACKUP_METRICS_DIR:-}" ]; then
    [ -d "$BACKUP_METRICS_DIR" ] && [ -w "$BACKUP_METRICS_DIR" ] ||
      fail "BACKUP_METRICS_DIR is $BACKUP_METRICS_DIR: no folder that $(id -un) may write to"
  fi
  if [ -n "${PGPASSWORD_FILE:-}" ]; then
    [ -r "$PGPASSWORD_FILE" ] || fail "PGPASSWORD_FILE is $PGPASSWORD_FILE: it can not be read"
    PGPASSWORD=$(cat "$PGPASSWORD_FILE")
    export PGPASSWORD
  fi
  export PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT:-10}" PGAPPNAME=fairlead-backup
}

# begin KIND: sets `name` and `draft`, the folder to fill; it is removed when the script fails.
begin() {
  kind=$1
  mkdir -p "$BACKUP_DIR/$kind"
  # A second has one name, and a small database is backed up in less.
  while name=$(date +%Y%m%dT%H%M%SZ) && [ -e "$BACKUP_DIR/$kind/$name" ]; do sleep 0.2; done
  draft=$(mktemp -d "$BACKUP_DIR/$kind/.partial-XXXXXX")
  trap 'rm -rf "$draft"' EXIT
}

# Makes the draft a backup: with checksums, on the disk, and by one rename, so that what has a name is whole.
finish() {
  (cd "$draft" && find . -type f ! -name SHA256SUMS | sort | xargs sha256sum > SHA256SUMS)
  find "$draft" -type f -exec sync {} +
  mv -T "$draft" "$BACKUP_DIR/$kind/$name"
  sync "$BACKUP_DIR/$kind"
  trap - EXIT
  echo "$BACKUP_DIR/$kind/$name"
}

# newest KIND: names of whole backups, the newest first.
newest() {
  find "$BACKUP_DIR/$1" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*Z' -printf '%f\n' 2> /dev/null | sort -r
}

# keep KIND COUNT: removes all but the newest COUNT, and drafts that a kill left behind a day ago.
keep() {
  local old
  newest "$1" | tail -n "+$(($2 + 1))" | while read -r old; do rm -rf "${BACKUP_DIR:?}/$1/$old"; done
  find "$BACKUP_DIR/$1" -mindepth 1 -maxdepth 1 -name '.partial-*' -mmin +1440 -exec rm -rf {} +
}

# verify FOLDER: whether all files are as they were written.
verify() {
  [ -f "$1/SHA256SUMS" ] || fail "$1 is no backup: it has no SHA256SUMS"
  (cd "$1" && sha256sum --check --quiet --strict SHA256SUMS >&2) || fail "$1 is damaged: take another backup"
}

# tell KIND: has Prometheus know of the success, by way of node_exporter.
tell() {
  [ -n "${BACKUP_METRICS_DIR:-}" ] || return 0
  local bytes file
  bytes=$(du -sb "$BACKUP_DIR/$kind/$name" | cut -f 1)
  file=$(mktemp "$BACKUP_METRICS_DIR/.partial-XXXXXX")
  cat > "$file" << END
# HELP fairlead_backup_last_success_timestamp_seconds When the last backup of the kind was whole and on the disk.
# TYPE fairlead_backup_last_success_timestamp_seconds gauge
fairlead_backup_last_success_timestamp_seconds{kind="$1"} $(date +%s)
# HELP fairlead_backup_last_bytes Size of the last backup of the kind.
# TYPE fairlead_backup_last_bytes gauge
fairlead_backup_last_bytes{kind="$1"} $bytes
END
  chmod 644 "$file"
  mv "$file" "$BACKUP_METRICS_DIR/fairlead_backup_$1.prom"
}
