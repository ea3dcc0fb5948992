#!/usr/bin/env bash
# run.sh [BINARY] [--database URL]: opens Roster's hosted pages in Debian's Chromium; pictures go to target/screenshots.
# Exit status: 0 all passed, 1 a test failed, 2 wrong usage or no server, 3 npm or chromium is missing.
set -euo pipefail

die() {
  local status=$1
  shift
  echo "run.sh: $*" >&2
  exit "$status"
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=$here/../../target/release/roster
while (($#)); do
  case $1 in
    --database) (($# > 1)) || die 2 "$1 needs a value"; export ROSTER_TEST_DATABASE=$2 && shift 2 ;;
    -*) die 2 "usage: run.sh [BINARY] [--database URL]" ;;
    *) binary=$(realpath "$1") && shift ;;
  esac
done
[[ -x $binary ]] || die 2 "no server at $binary: build it first"
CHROMIUM=$(command -v chromium) || die 3 "chromium IS MISSING: THE PAGES WERE NOT OPENED"
command -v npm >/dev/null || die 3 "npm IS MISSING: THE PAGES WERE NOT OPENED"
export CHROMIUM ROSTER_BINARY=$binary SCREENSHOTS=${SCREENSHOTS:-$here/../../target/screenshots}

cd "$here"
wanted=$(cat package.json package-lock.json | sha256sum)
stamp=node_modules/.stamp
if ! [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
  npm ci --no-audit --no-fund --silent
  echo "$wanted" >"$stamp"
fi
# Neither the browser nor the tests may ask a proxy for 127.0.0.1.
env -u http_proxy -u https_proxy -u HTTP_PROXY -u HTTPS_PROXY npm test --silent
