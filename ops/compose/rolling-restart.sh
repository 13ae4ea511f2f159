#!/bin/sh
# Replaces the servers one by one, by containers of the image as it is now: docker compose build first for a new release. A new
# one is healthy before an old one goes, which refuses connections before it ends those that it has, so that no request fails.
# One more than usual runs meanwhile, which REPLICAS counts.
#   COMPOSE='docker-compose --compatibility' sh ops/compose/rolling-restart.sh    with Compose 1.29
set -eu
cd "$(dirname "$0")/../.."
compose="${COMPOSE:-docker compose}"
servers() { $compose ps -q app; }
is_healthy() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$1")" = healthy ]; }
short() { printf '%.12s' "$1"; }
# Ends a server in good order, within stop_grace_period, which not every Compose tells the engine.
remove() { docker stop -t 25 "$1" > /dev/null && docker rm "$1" > /dev/null; }

before=$(servers)
[ -n "$before" ] || { echo 'No server runs' >&2; exit 1; }
for id in $before; do
  is_healthy "$id" || { echo "$(short "$id") is not healthy: mend that first" >&2; exit 1; }
done
known=$before
for old in $before; do
  # Starts what is missing and leaves the others alone.
  said=$($compose up -d --no-build --no-recreate --no-deps --scale app=$(($(echo "$before" | wc -l) + 1)) app 2>&1) || { echo "$said" >&2; exit 1; }
  new=$(servers | grep -vxF "$known")
  known=$(printf '%s\n%s' "$known" "$new")
  tries=0
  until is_healthy "$new"; do
    tries=$((tries + 1))
    if [ $tries -gt 90 ]; then
      docker logs --tail 20 "$new" >&2
      remove "$new"
      echo "What is to replace $(short "$old") does not become healthy, and is gone again; the others run on" >&2
      exit 1
    fi
    sleep 1
  done
  remove "$old"
  echo "replaced $(short "$old") by $(short "$new")"
done
