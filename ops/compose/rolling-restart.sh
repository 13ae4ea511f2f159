#!/bin/sh
# Replaces the servers one by one, by containers of the image as it is now: docker compose build first for a new release. Each
# refuses connections before it ends those that it has, so that no request fails; the next goes when this one is healthy.
set -eu
cd "$(dirname "$0")/../.."
compose="${COMPOSE:-docker compose}"
count=$($compose ps -q app | wc -l)
[ "$count" -ge 2 ] || { echo "A rolling restart takes two servers or more, and $count run" >&2; exit 1; }
for old in $($compose ps -q app); do
  docker stop "$old" > /dev/null
  docker rm "$old" > /dev/null
  # Starts what is missing, waits until it is healthy, and leaves the others alone.
  $compose up -d --wait --no-recreate --no-deps --scale app="$count" app
  echo "replaced $(printf '%.12s' "$old")"
done
