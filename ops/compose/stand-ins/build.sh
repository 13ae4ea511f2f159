#!/bin/sh
# Builds the stand-ins into the engine that DOCKER_HOST names, and from ops/docker/Dockerfile, digests aside, the server's
# image. Debian's packages and npm's are fetched here, outside of any container. FOLDER keeps the root for the next time.
#   sh ops/compose/stand-ins/build.sh FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?the folder to work in}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
cd "$here/../../.."

if [ ! -s "$folder/root.tar" ]; then
  rm -rf "$folder/root"
  # busybox for wget, gettext-base for envsubst.
  debootstrap --variant=minbase --include=ca-certificates,busybox-static,gettext-base,postgresql-17,redis-server,tini,prometheus,prometheus-alertmanager,prometheus-postgres-exporter,prometheus-redis-exporter,prometheus-nginx-exporter \
    trixie "$folder/root" "$mirror" > "$folder/root.log"
  # nginx from 1.27.3 on follows the servers' addresses ("resolve"), and trixie has 1.26.
  echo "deb [check-valid-until=no] $mirror sid main" > "$folder/root/etc/apt/sources.list.d/sid.list"
  printf 'Package: *\nPin: release n=sid\nPin-Priority: 100\n' > "$folder/root/etc/apt/preferences.d/sid"
  cp -L /etc/resolv.conf "$folder/root/etc/resolv.conf"
  chroot "$folder/root" sh -c 'apt-get update && apt-get install -y --no-install-recommends nginx/sid && apt-get clean' >> "$folder/root.log" 2>&1
  ln -sf /bin/busybox "$folder/root/usr/local/bin/wget"
  rm -rf "$folder/root/var/lib/apt/lists" "$folder/root/usr/share/doc" "$folder/root/usr/share/locale"
  tar -C "$folder/root" -cf "$folder/root.tar" .
  rm -rf "$folder/root"
fi

# The engine's own builder: buildx is not everywhere.
export DOCKER_BUILDKIT=0
build() { docker build "$@" > "$folder/build.log" 2>&1 || { tail -n 30 "$folder/build.log" >&2; exit 1; }; }
has() { [ "$(docker images -q --filter "label=made-of=$2" "$1" | wc -l)" -gt 0 ]; }

made_of=$(cat package-lock.json "$here"/* | sha256sum | cut -c1-16)
node=$(sed -n 's/^FROM \(node:[^@]*\)@.*/\1/p' ops/docker/Dockerfile | head -n 1)
if ! has "$node" "$made_of"; then
  docker image inspect fairlead-stand-in/root > /dev/null 2>&1 || docker import "$folder/root.tar" fairlead-stand-in/root > /dev/null
  context=$folder/context
  rm -rf "$context"
  mkdir -p "$context/packages"
  cp "$here"/* "$context"
  cp node_modules/node-*/bin/node "$context/node"
  cp -rL "$(npm root -g)/npm" "$context/npm"
  cp package.json package-lock.json "$context/packages"
  (cd "$context/packages" && npm ci --cache="$context/npm-cache" --omit=dev --ignore-scripts --no-audit --no-fund > /dev/null 2>&1)
  rm -rf "$context/packages"
  for target in nginx postgres redis prometheus alertmanager postgres-exporter redis-exporter nginx-exporter; do
    build --target "$target" -t "fairlead-stand-in/$target" "$context"
  done
  build --target node --label "made-of=$made_of" -t "$node" "$context"
  rm -rf "$context"
fi
sed 's/@sha256:[0-9a-f]*//' ops/docker/Dockerfile > "$folder/Dockerfile"
build --build-arg REVISION="$(git rev-parse HEAD 2> /dev/null || echo unknown)" -t fairlead -f "$folder/Dockerfile" .
