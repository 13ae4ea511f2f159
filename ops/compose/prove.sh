#!/bin/sh
# Brings compose.yaml up for real on a Debian machine that reaches no registry of images, and checks what it promises. For root:
#   apt-get install docker.io docker-compose debootstrap iproute2 curl && npm ci && sh ops/compose/prove.sh
# The engine is its own, in a network namespace of its own, so neither another engine nor the machine's network is touched.
# It takes some minutes. PROOF_FOLDER keeps packages and images for the next time; remove it when done.
set -eu
cd "$(dirname "$0")/../.."
folder=${PROOF_FOLDER:-/var/tmp/fairlead-proof}
replicas=${PROOF_REPLICAS:-6}
mkdir -p "$folder"
export DOCKER_HOST="unix://$folder/docker.sock"
export COMPOSE_PROJECT_NAME=fairlead COMPOSE_FILE=compose.yaml:ops/compose/stand-ins/compose.yaml
# All load comes from one address.
export RATE_PER_CLIENT=1000000 BURST_PER_CLIENT=1000000 RATE_LIMIT=off REPLICAS=$((replicas + 2))
# --compatibility: Compose 1.29 heeds the limits under "deploy" only then.
export COMPOSE='docker-compose --compatibility'

broken=0
step() { printf '\n== %s\n' "$*"; }
ok() { printf 'ok: %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
inside() { nsenter --net=/run/netns/fairlead-proof "$@"; }
visitor() { nsenter --net=/run/netns/fairlead-visitor "$@"; }
ids() { $COMPOSE ps -q "$@"; }
first() { ids "$1" | head -n 1; }
health() { docker inspect -f '{{.State.Health.Status}}' "$1"; }
healthy() { for id in $(ids "$@"); do health "$id"; done | grep -cx healthy || true; }
# Waits until so many containers of a service are healthy.
await() {
  tries=0
  until [ "$(healthy "$1")" -eq "$2" ]; do
    tries=$((tries + 1))
    [ $tries -le 120 ] || { $COMPOSE ps; $COMPOSE logs --tail=20 "$1"; fail "$1: $(healthy "$1") of $2 are healthy"; }
    sleep 1
  done
}
# No function in between: the id must be the program's own.
load() {
  nsenter --net=/run/netns/fairlead-proof node_modules/.bin/node ops/compose/steady-load.ts --key "$(cat secrets/admin_key)" "$@" > "$folder/load.json" &
  load_pid=$!
}
end_load() {
  kill -TERM "$load_pid"
  ended=$load_pid load_pid=
  if wait "$ended"; then
    ok "no request failed: $(cat "$folder/load.json")"
  else
    # The rest is worth seeing all the same.
    broken=$((broken + 1))
    printf 'FAILED: requests failed: %s\n' "$(cat "$folder/load.json")"
  fi
  follows=$(sed 's/.*"follows":\([0-9]*\).*/\1/' "$folder/load.json")
  code=$(sed 's/.*"code":"\([^"]*\)".*/\1/' "$folder/load.json")
}
# How many clicks of the load's link are stored.
clicks() {
  docker exec "$(first postgres)" psql -U fairlead -At -c \
    "SELECT count(*) FROM events e JOIN urls u ON u.id = e.url_id WHERE e.event_type = 'click' AND u.short_code = '$code'"
}
await_clicks() {
  tries=0
  until [ "$(clicks)" -ge "$follows" ]; do
    tries=$((tries + 1))
    [ $tries -le 60 ] || fail "$(clicks) of $follows clicks are stored"
    sleep 1
  done
}

cleanup() {
  [ -z "${load_pid:-}" ] || kill "$load_pid" 2> /dev/null || true
  if [ -s "$folder/docker.pid" ] && kill -0 "$(cat "$folder/docker.pid")" 2> /dev/null; then
    $COMPOSE --profile full down --volumes > "$folder/down.log" 2>&1 || true
    pid=$(cat "$folder/docker.pid")
    kill "$pid"
    while kill -0 "$pid" 2> /dev/null; do sleep 1; done
  fi
  # What is left when the engine was ended from elsewhere.
  mount | awk -v folder="$folder/" 'index($3, folder) == 1 { print $3 }' | sort -r | xargs -r umount -l
  ip netns del fairlead-visitor 2> /dev/null || true
  ip netns del fairlead-proof 2> /dev/null || true
  rm -rf "$folder/exec" "$folder/context" "$folder/docker.sock" "$folder/docker.pid"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

step 'An engine in a network of its own, and a visitor on another machine'
for name in fairlead-proof fairlead-visitor; do
  ip netns add $name
  nsenter --net=/run/netns/$name ip link set lo up
done
ip link add proof type veth peer name visitor
ip link set proof netns fairlead-proof
ip link set visitor netns fairlead-visitor
inside ip addr add 198.18.0.1/30 dev proof && inside ip link set proof up
visitor ip addr add 198.18.0.2/30 dev visitor && visitor ip link set visitor up
visitor ip route add default via 198.18.0.1
inside dockerd --host "$DOCKER_HOST" --data-root "$folder/engine" --exec-root "$folder/exec" --pidfile "$folder/docker.pid" \
  > "$folder/dockerd.log" 2>&1 &
tries=0
until docker version > /dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -le 60 ] || { tail "$folder/dockerd.log"; fail 'the engine does not start'; }
  sleep 1
done
docker ps -aq | xargs -r docker rm -f > /dev/null
docker volume ls -q | xargs -r docker volume rm > /dev/null
sh ops/compose/make-secrets.sh
sh ops/compose/stand-ins/build.sh "$folder"
ok "$(docker images --format '{{.Repository}} {{.Size}}' | grep '^fairlead ') with $(docker run --rm --network none --entrypoint node fairlead -p \
  'JSON.parse(require("fs").readFileSync("/usr/share/sbom/fairlead.spdx.json")).packages.length') packages in $(docker inspect -f '{{index .Config.Labels "io.fairlead.sbom"}}' fairlead)"

step "The light profile, with $replicas servers"
begin=$(date +%s)
$COMPOSE up -d --no-build --scale app="$replicas" > "$folder/up.log" 2>&1 || { tail -n 20 "$folder/up.log"; fail 'up'; }
await app "$replicas"
for service in worker nginx postgres redis; do await $service 1; done
ok "$((replicas + 4)) containers are healthy after $(($(date +%s) - begin)) s"

step 'A link, through nginx, from another machine'
link=$(visitor curl -sS -X POST http://198.18.0.1:3000/urls -H "authorization: Bearer $(cat secrets/admin_key)" -H 'content-type: application/json' -d '{"original_url":"https://example.com/a/long/way","short_code":"away"}')
echo "$link"
seen=$(visitor curl -sS -o /dev/null -w '%{http_code} %{redirect_url}' http://198.18.0.1:3000/away)
[ "$seen" = '302 https://example.com/a/long/way' ] || fail "$seen"
ok "$seen"

step 'Nothing but nginx is reached'
listening=$(inside ss -Hltn | awk '{ print $4 }' | grep -v '^\[' | tr '\n' ' ')
[ "$listening" = '0.0.0.0:3000 ' ] || fail "the machine listens on $listening"
for path in /metrics /health/ready; do
  [ "$(visitor curl -sS -o /dev/null -w '%{http_code}' http://198.18.0.1:3000$path)" = 404 ] || fail "$path"
done
for target in app:3000 worker:3001 postgres:5432 redis:6379 nginx:8081 nginx:8080; do
  for address in $(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$(first ${target%:*})"); do
    # nginx's own port may be reached past the published one, on the network outside.
    if visitor timeout 2 bash -c "exec 3<> /dev/tcp/$address/${target#*:}" 2> /dev/null && [ $target != nginx:8080 ]; then
      fail "$target is reached at $address"
    fi
  done
done
ok "the machine listens on $listening; servers, worker, PostgreSQL, Redis and nginx's status are not reached by address either"

step 'Confined'
for id in $(ids); do
  name=$(docker inspect -f '{{index .Config.Labels "com.docker.compose.service"}}' "$id")
  pid=$(docker inspect -f '{{.State.Pid}}' "$id")
  status=$(cat "/proc/$pid/status")
  [ "$(echo "$status" | awk '/^Uid/ { print $2 }')" -ne 0 ] || fail "$name is root"
  echo "$status" | grep -q '^CapEff:.0000000000000000' || fail "$name has capabilities"
  echo "$status" | grep -q '^NoNewPrivs:.1' || fail "$name may gain privileges"
  docker exec "$id" sh -c 'touch /etc/x 2>&1 || touch /usr/x 2>&1' | grep -q 'Read-only' || fail "$name writes to its root"
  docker exec "$id" touch /tmp/x || fail "$name writes not even to /tmp"
  [ "$(docker inspect -f '{{.HostConfig.Memory}}' "$id")" -gt 0 ] || fail "$name has no limit"
  ! docker inspect -f '{{.Config.Env}} {{.Config.Cmd}}' "$id" | grep -qF "$(cat secrets/postgres_password)" || fail "$name shows the password"
done
limit=$(docker exec "$(first app)" node -e "fetch('http://127.0.0.1:3000/metrics').then((r) => r.text()).then((text) => console.log(/^fairlead_memory_limit_bytes (\d+)/m.exec(text)?.[1]))")
[ "$limit" = "$(docker inspect -f '{{.HostConfig.Memory}}' "$(first app)")" ] || fail "a server takes its limit to be $limit"
[ "$(docker exec "$(first redis)" redis-cli config get appendonly | tail -n 1)" = yes ] || fail 'no append-only file'
ok 'no root, no capabilities, no new privileges, a read-only root, limits, no password in a variable'

step 'A server is killed under load'
load --creators 0
sleep 2
victim=$(first app)
kill -9 "$(docker inspect -f '{{.State.Pid}}' "$victim")"
until [ "$(docker inspect -f '{{.RestartCount}}' "$victim")" -ge 1 ]; do sleep 1; done
await app "$replicas"
end_load
ok "restarted $(docker inspect -f '{{.RestartCount}}' "$victim") time, and healthy"
await_clicks
ok "$follows answers, $(clicks) clicks: those that were with the server that died were asked for twice"

step 'A rolling restart under load'
before=$(ids app)
load
begin=$(date +%s)
sh ops/compose/rolling-restart.sh
took=$(($(date +%s) - begin))
end_load
for id in $(ids app); do ! echo "$before" | grep -q "$id" || fail "$id was not replaced"; done
ok "$replicas servers in $took s"
await_clicks
[ "$(clicks)" -eq "$follows" ] || fail "$(clicks) clicks of $follows answers"
ok "$follows answers, $(clicks) clicks"

step 'What watches (all of the full profile but Grafana, which Debian does not have)'
$COMPOSE --profile full up -d --no-build --no-recreate --scale app="$replicas" \
  prometheus alertmanager postgres-exporter redis-exporter nginx-exporter > "$folder/up.log" 2>&1 || { tail -n 20 "$folder/up.log"; fail 'up'; }
for service in prometheus alertmanager postgres-exporter redis-exporter nginx-exporter; do await $service 1; done
up() { docker exec "$(first prometheus)" wget -qO- 'http://127.0.0.1:9090/api/v1/query?query=count(up==1)' | sed 's/.*,"\([0-9]*\)"\].*/\1/'; }
tries=0
until [ "$(up)" = $((replicas + 6)) ]; do
  tries=$((tries + 1))
  [ $tries -le 60 ] || fail "Prometheus sees $(up) targets of $((replicas + 6))"
  sleep 1
done
ok "Prometheus scrapes $(up) targets"

step 'Down'
begin=$(date +%s)
for service in app worker; do
  for id in $(ids $service); do docker stop -t 25 "$id" > /dev/null; [ "$(docker inspect -f '{{.State.ExitCode}}' "$id")" = 0 ] || fail "a $service ended with an error"; done
done
$COMPOSE --profile full down --volumes > "$folder/down.log" 2>&1 || { cat "$folder/down.log"; fail 'down'; }
[ -z "$(docker ps -aq)" ] || fail 'containers are left'
ok "$(($(date +%s) - begin)) s; servers and worker ended with 0"
[ $broken -eq 0 ] || fail "requests failed in $broken of the steps under load"
