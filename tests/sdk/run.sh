#!/usr/bin/env bash
# Starts Roster on a free port with an empty data folder and drives it with Okta's published SDKs.
# Exit status: 0 all passed, 1 a suite failed, 2 wrong usage or no server, 3 npm or python3 is missing.
set -euo pipefail

die() {
  local status=$1
  shift
  echo "run.sh: $*" >&2
  exit "$status"
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=$here/../../target/release/roster
database=()
suites="node auth-js python"
oauth=1
while (($#)); do
  case $1 in
    --database | --only) (($# > 1)) || die 2 "$1 needs a value" ;;&
    --database) database=(--database "$2") && shift 2 ;;
    --only) suites=$2 && shift 2 ;;
    --without-oauth) oauth= && shift ;;
    -*) die 2 "usage: run.sh [BINARY] [--database URL] [--only node|auth-js|python] [--without-oauth]" ;;
    *) binary=$(realpath "$1") && shift ;;
  esac
done
case $suites in
  "node auth-js python" | node | auth-js) tools=(npm python3) ;;
  python) tools=(python3) ;;
  *) die 2 "--only takes node, auth-js or python" ;;
esac
for tool in "${tools[@]}"; do
  command -v "$tool" >/dev/null || die 3 "$tool IS MISSING: THE SDK SUITES DID NOT RUN"
done
[[ -x $binary ]] || die 2 "no server at $binary: build it first"

# install NAME STAMP COMMAND...: runs COMMAND unless it did so before for the files given as standard input.
install() {
  local name=$1 stamp=$2 wanted
  shift 2
  wanted=$(sha256sum)
  if [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then return; fi
  echo "== installing $name"
  "$@"
  echo "$wanted" >"$stamp"
}

install_venv() {
  rm -rf "$1"
  python3 -m venv "$1"
  "$1/bin/pip" install --quiet --disable-pip-version-check -r "$2"
}

for name in node auth-js; do
  if [[ $suites == *$name* ]]; then
    install "npm packages of $name" "$here/$name/node_modules/.stamp" \
      npm ci --prefix "$here/$name" --no-audit --no-fund \
      < <(cat "$here/$name/package.json" "$here/$name/package-lock.json")
  fi
done
if [[ $suites == *python* ]]; then
  for version in 3 2; do
    venv=$here/python/.venv-$version
    requirements=$here/python/requirements-$version.txt
    install "okta $version for Python" "$venv/.stamp" install_venv "$venv" "$requirements" <"$requirements"
  done
fi

work=$(mktemp -d)
server=
stop() {
  if [[ -n $server ]]; then kill "$server" 2>/dev/null && wait "$server" || true; fi
  rm -rf "$work"
}
trap stop EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
token=00$(head -c 20 /dev/urandom | od -An -tx1 | tr -d ' \n')
export OKTA_CLIENT_ORGURL=http://127.0.0.1:$port OKTA_CLIENT_TOKEN=$token OKTA_TESTING_TESTINGDISABLEHTTPSCHECK=true

ROSTER_BOOTSTRAP_TOKEN=$token "$binary" serve --listen "127.0.0.1:$port" --data-dir "$work/data" \
  "${database[@]}" >"$work/server.log" 2>&1 &
server=$!

ready() {
  python3 -c 'import sys, urllib.request as u; u.build_opener(u.ProxyHandler({})).open(sys.argv[1], timeout=2)' \
    "$OKTA_CLIENT_ORGURL/readyz" 2>/dev/null
}
deadline=$((SECONDS + 60))
until ready; do
  if ! kill -0 "$server" 2>/dev/null || ((SECONDS > deadline)); then
    cat "$work/server.log" >&2
    die 2 "the server did not become ready; its log is above"
  fi
  sleep 0.1
done

# Runs a suite in the current folder. The SDKs would send even requests to 127.0.0.1 through a proxy.
failed=()
suite() {
  local name=$1
  shift
  echo "== $name"
  env -u http_proxy -u https_proxy -u HTTP_PROXY -u HTTPS_PROXY "$@" || failed+=("$name")
}

# every_suite NAME: runs the suites of each SDK, with what the environment says of the client. Only the newer SDKs know DPoP.
every_suite() {
  if [[ $suites == *node* ]]; then
    cd "$here/node"
    suite "okta-sdk-nodejs, $1" npm test --silent
  fi
  if [[ $suites == *python* ]]; then
    cd "$here/python"
    suite "okta 3.4.6 for Python, $1" .venv-3/bin/python -m pytest -q -p no:cacheprovider
    if [[ -z ${ROSTER_SDK_DPOP:-} ]]; then
      suite "okta 2.9.13 for Python, $1" .venv-2/bin/python -m pytest -q -p no:cacheprovider
    fi
  fi
}

every_suite "with an API token"
if [[ $suites == *auth-js* ]]; then
  cd "$here/auth-js"
  suite "okta-auth-js 7.14.5" npm test --silent
fi

# The same once more with access tokens, and with bound ones. The variables that name the client are ours, since those of
# the SDKs would take the place of what a test says.
if [[ $oauth && $suites != auth-js ]]; then
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/key.pem" 2>/dev/null
  export ROSTER_SDK_SCOPES="okta.users.read okta.users.manage okta.groups.read okta.groups.manage okta.idps.read okta.idps.manage \
okta.apps.read okta.apps.manage okta.userTypes.read okta.userTypes.manage okta.schemas.read okta.schemas.manage \
okta.linkedObjects.read okta.linkedObjects.manage okta.roles.read okta.roles.manage okta.policies.read okta.policies.manage \
okta.inlineHooks.read okta.inlineHooks.manage okta.sessions.read okta.sessions.manage"
  export ROSTER_SDK_KEY=$work/key.pem ROSTER_SDK_CLIENT_ID
  ROSTER_SDK_CLIENT_ID=$(python3 "$here/service_app.py" "$work/key.pem")
  every_suite "with an access token"
  export ROSTER_SDK_DPOP=true
  ROSTER_SDK_CLIENT_ID=$(python3 "$here/service_app.py" "$work/key.pem" --dpop)
  every_suite "with a bound access token"
fi

if ((${#failed[@]})); then
  echo "== the end of the server's log"
  tail -n 20 "$work/server.log"
  printf 'FAILED: %s\n' "${failed[@]}"
  exit 1
fi
echo "all SDK suites passed"
