#!/bin/sh
# Makes what compose.yaml reads from ./secrets: random passwords, the first key for the API, and the address of the Discord channel's webhook, which is
# asked for (DISCORD_WEBHOOK_URL) and may be put there later. What is there already stays.
set -eu
cd "$(dirname "$0")/../.."
umask 077
mkdir -p secrets
# Containers read the files as users of their own: the folder is what keeps others out.
chmod 700 secrets
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -s "secrets/$1" ] || { printf '%s' "$2" > "secrets/$1" && chmod 644 "secrets/$1" && echo "made secrets/$1"; }; }
# The first administrator's key, in the form that ADMIN_KEY takes: 64 bits to find it by, and 256 that are the secret.
admin_key() { printf 'fl_%s_%s' "$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')" "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')"; }
keep admin_key "$(admin_key)"
keep postgres_password "$(random)"
keep database_url "postgres://fairlead:$(cat secrets/postgres_password)@postgres:5432/fairlead"
keep grafana_password "$(random)"
keep discord_webhook "${DISCORD_WEBHOOK_URL:-http://127.0.0.1:9/no-webhook-yet}"
