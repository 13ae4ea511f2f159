#!/bin/sh
# Replaces the servers one by one, by containers of the image as it is now: docker compose build first for a new release. Each
# refuses connections before it ends those that it has, so that no request fails; the next goes when this one is healthy.
#   COMPOSE='docker-compose --compatibility' sh ops/compose/rolling-restart.sh    with Compose 1.29
set -eu
cd "$(dirname "$0")/../.."
compose="${COMPOSE:-docker compose}"
servers() { $compose ps -q app; }
healthy() { for id in $(servers); do docker inspect -f '{{.State.Health.Status}}' "$id"; done | grep -cx healthy || true; }
count=$(servers | wc -l)
[ "$count" -ge 2 ] || { echo "A rolling restart takes two servers or more, and $count run" >&2; exit 1; }
[ "$(healthy)" -eq "$count" ] || { echo "Only $(healthy) of $count servers are healthy: mend that first" >&2; exit 1; }
for old in $(servers); do
  # stop_grace_period, which not every Compose tells the engine.
  docker stop -t 25 "$old" > /dev/null
  docker rm "$old" > /dev/null
  # Starts what is missing and leaves the others alone.
  said=$($compose up -d --no-build --no-recreate --no-deps --scale app="$count" app 2>&1) || { echo "$said" >&2; exit 1; }
  tries=0
  until [ "$(healthy)" -eq "$count" ]; do
    tries=$((tries + 1))
    [ $tries -le 90 ] || { echo "What replaces $(printf '%.12s' "$old") does not become healthy; the others run on" >&2; exit 1; }
    sleep 1
  done
  echo "replaced $(printf '%.12s' "$old")"
done
