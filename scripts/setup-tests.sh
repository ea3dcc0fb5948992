#!/usr/bin/env bash
# Installs what `make test` needs beside the Rust toolchain and is not there yet: PostgreSQL's server programs, node and
# Python for the SDK suites (which install the SDKs themselves), Chromium for the hosted pages. Debian's packages; does nothing when all is there.
set -euo pipefail

packages=()
# Debian keeps the server's programs out of PATH.
command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
command -v npm >/dev/null || packages+=(nodejs npm)
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3 python3-venv)
command -v chromium >/dev/null || packages+=(chromium fonts-dejavu-core)
command -v openssl >/dev/null || packages+=(openssl)
((${#packages[@]})) || exit 0

if ! command -v apt-get >/dev/null; then
  echo "setup-tests.sh: no apt-get here; install the equivalent of these Debian packages: ${packages[*]}" >&2
  exit 1
fi
root=()
((EUID == 0)) || root=(sudo)
echo "installing ${packages[*]}"
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
