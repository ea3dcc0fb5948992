#!/usr/bin/env bash
# postgres.sh COMMAND [ARGUMENT...]
# Runs COMMAND with the URL of a throw-away PostgreSQL as its last argument, and removes the cluster afterwards:
#     scripts/postgres.sh target/release/roster serve --database
set -euo pipefail
(($#)) || { echo "usage: postgres.sh COMMAND [ARGUMENT...]" >&2; exit 2; }

if ! command -v initdb >/dev/null; then
  # Debian keeps the server's programs out of PATH; the newest version sorts last.
  PATH=$PATH:$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1)
  command -v initdb >/dev/null || { echo "postgres.sh: no initdb; scripts/setup-tests.sh installs it" >&2; exit 3; }
fi

cluster=$(mktemp -d)
# PostgreSQL refuses to run as root.
as_owner() { (cd "$cluster" && "$@"); }
if ((EUID == 0)); then
  owner=$(id -un postgres 2>/dev/null || echo nobody)
  chown "$owner" "$cluster"
  as_owner() { (cd "$cluster" && runuser -u "$owner" -- env PATH="$PATH" "$@"); }
fi
stop() {
  as_owner pg_ctl -D "$cluster/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$cluster"
}
trap stop EXIT

as_owner initdb -D "$cluster/data" -U roster --auth trust --encoding UTF8 --locale C --no-sync >/dev/null
# Nothing here outlives the command, so nothing needs to reach the disk.
settings="-c listen_addresses=127.0.0.1 -c unix_socket_directories=$cluster -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
for attempt in 1 2 3 4 5; do
  # Any free port will do, and only binding it tells whether it is free.
  port=$((20000 + RANDOM % 12000))
  if as_owner pg_ctl -D "$cluster/data" -l "$cluster/log" -w -o "$settings -p $port" start >/dev/null; then break; fi
  ((attempt < 5)) || { cat "$cluster/log" >&2; echo "postgres.sh: the server does not start" >&2; exit 1; }
done
"$@" "postgres://roster@127.0.0.1:$port/postgres"
