#!/usr/bin/env bash
# conformance.sh BINARY [--database URL]
# Plays the recordings of a real org against a freshly started server, where they are at hand (they are no part of this
# repository). Fails when an exchange of the operations below differs from what was recorded.
set -euo pipefail
(($#)) || { echo "usage: conformance.sh BINARY [--database URL]" >&2; exit 2; }
binary=$1
shift

operations=(
  createUser getUser listUsers partialUpdateUser updateUser deactivateOrDeleteUser
  activateUser reactivateUser deactivateUser suspendUser unsuspendUser unlockUser
  expirePassword expirePasswordAndGetTemporaryPassword resetPassword resetFactors
  changePassword changeRecoveryQuestion forgotPassword forgotPasswordSetNewPassword
  clearUserSessions listUserGroups listUserIdentityProviders listAppLinks listUserClients
  listFactors enrollFactor getFactor deleteFactor listSupportedSecurityQuestions
)

replay=$(dirname "${BASH_SOURCE[0]}")/../../shared/conformance/replay
if [[ ! -x $replay ]]; then
  echo "conformance: left out, since there are no recordings at $replay"
  exit 0
fi

work=$(mktemp -d)
server=
stop() {
  if [[ -n $server ]]; then kill "$server" 2>/dev/null && wait "$server" || true; fi
  rm -rf "$work"
}
trap stop EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
token=00conformanceConformanceConformanceConform
ROSTER_BOOTSTRAP_TOKEN=$token "$binary" serve --listen "127.0.0.1:$port" --data-dir "$work/data" "$@" \
  >"$work/server.log" 2>&1 &
server=$!
# Opening the port comes last, so a server that accepts a connection is about to answer.
deadline=$((SECONDS + 60))
until (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
  if ! kill -0 "$server" 2>/dev/null || ((SECONDS > deadline)); then
    cat "$work/server.log" >&2
    echo "conformance: the server did not start; its log is above" >&2
    exit 1
  fi
  sleep 0.1
done

# Its own exit status judges every operation, also those that Roster does not have yet.
"$replay" --base "http://127.0.0.1:$port" --token "$token" --report "$work/report.json" \
  >"$work/replay.log" || true
python3 - "$work/report.json" "${operations[@]}" <<'PY'
import collections, json, sys

report, operations = sys.argv[1], set(sys.argv[2:])
# Other recordings contradict the first two: a user created STAGED with a password has statusChanged null in four, and the
# time of creation in these. The majority, and the table of what was observed, say null. Before the third, the question was
# changed by a request that the recording lacks.
contradicted = {
    ("py.test_users_it.TestUsers.test_comprehensive_user_lifecycle", 0): "statusChanged",
    ("py.test_users_it.TestUsers.test_reactivate_user", 0): "statusChanged",
    ("tf.TestAccResourceOktaUserFactorQuestion_crud.classic-00", 16): "profile.question",
}
with open(report, encoding="utf-8") as file:
    results = [r for r in json.load(file)["results"] if r["op"] in operations]
for r in results:
    about = contradicted.get((r["cassette"], r["n"]))
    if about and all(about in p for p in r.get("problems", [])):
        r["verdict"] = "contradicted" if r["verdict"] == "failed" else r["verdict"]
        continue
    for problem in r.get("problems", []):
        print(f"{r['cassette']}#{r['n']} {r['method']} {r['path']}: {problem}")
count = collections.Counter(r["verdict"] for r in results)
print(f"conformance: {len({r['op'] for r in results})} of {len(operations)} operations were recorded")
print(f"{count['passed']} passed, {count['failed']} failed, {count['unmappable']} skipped, {count['contradicted']} contradicted by other recordings")
sys.exit(bool(count["failed"]) or not count["passed"])
PY
