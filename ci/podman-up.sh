#!/bin/bash
# Runs a small system with `cargo orch up --engine podman` on a real Podman with podman-compose, and looks after it.
#
#   podman-up.sh COMMAND      COMMAND: the command cargo-orch
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,4s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
command=$(realpath "$1")
state=$(mktemp -d)
system=orch-podman-$$
project=$system-local

ok() { printf 'ok    %s\n' "$*"; }
fail() {
  printf 'FAIL  %s\n' "$*" >&2
  cat "$state/talk" "$state/data" >&2 || true
  exit 1
}
orch() { (cd "$state" && "$command" orch "$@") >"$state/data" 2>"$state/talk"; }
# ends CODE WORDS ARGUMENT...: the command has to end with a code, and to say something.
ends() {
  local code=$1 says=$2 status=0
  shift 2
  orch "$@" || status=$?
  [ "$status" = "$code" ] || fail "cargo orch $* ended with $status, not with $code"
  grep -q -- "$says" "$state/talk" "$state/data" || fail "cargo orch $* does not say: $says"
}
started() { podman ps --all --filter "label=io.podman.compose.project=$project" --format '{{.ID}} {{.StartedAt}}' | sort; }

finish() {
  local status=$?
  trap - EXIT
  orch down --volumes --yes || true
  rm -rf "$state"
  exit "$status"
}

"$here/engines/docker-up.sh"
PATH=$("$here/engines/tools.sh"):$PATH
CONTAINERS_CONF=$("$here/engines/podman-up.sh")
export CONTAINERS_CONF PATH
trap finish EXIT
trap 'exit 130' INT TERM

python3 - "$system" >"$state/manifest.json" <<'PYTHON'
import json, sys
place = {"package": "p", "file": "src/lib.rs", "item": "S"}
def workload(id, script, **more):
    return {"id": id, "image": "debian:bookworm", "command": ["sh", "-c", script], "grace": "1s", "restricted": False,
            "declaredBy": place, **more}
none = {"check": "none"}
store = workload("store", "echo the store has ${#TOKEN} letters; exec sleep 600", kind="other", health=none,
                 env={"TOKEN": {"secret": "token"}}, ports=[{"number": 4000}], volumes=[{"path": "/data", "name": "data"}])
cache = workload("cache", "exec sleep 600", kind="other", health=none)
worker = workload("worker", "exec sleep 600", version="0.1.0", kind="worker", services=["store"])
job = workload("job", "echo done", version="0.1.0", kind="job")
print(json.dumps({"schemaVersion": 1, "system": sys.argv[1], "apps": [job, worker], "services": [cache, store]}))
PYTHON

SECONDS=0
ends 0 'store is ready' up --engine podman --manifest manifest.json
grep -q 'job is done' "$state/talk" || fail 'the job has not ended'
before=$(started)
[ "$(wc -l <<<"$before")" = 4 ] || fail "there are not four containers: $before"
ok "up in $SECONDS s: $(tr -s ' \n' ' ' <"$state/data")"
ends 0 'nothing has changed' up --manifest manifest.json
[ "$(started)" = "$before" ] || fail 'a second up touched a container'
ends 0 running status --manifest manifest.json
ends 0 "the store has $(wc -c <"$state/.orch/secrets/token") letters" logs store --grep letters
status=0
orch exec store -- sh -c 'echo kept >/data/file; exit 7' || status=$?
[ "$status" = 7 ] || fail "exec ended with $status"
ok 'a second up changes nothing; status, logs, exec'

podman kill "${project}_cache_1" >/dev/null
ends 1 'cache ended with 137' status --manifest manifest.json
ends 0 'cache is ready' up --manifest manifest.json
ok 'a container that was killed is named, and started again'

ends 0 'its data stays' down
podman volume exists "${project}_store_data" || fail 'down removed the data'
ends 0 'store is ready' up --engine podman --manifest manifest.json
orch exec store -- cat /data/file || fail 'the data is gone after down and up'
ends 0 'with its data' down --volumes --yes
! podman volume exists "${project}_store_data" || fail 'down --volumes left the data'
ok 'down leaves the data, down --volumes --yes does not'

cat <<'TEXT'
not tested, since it does not work with Podman 4.3 and podman-compose 1.6 on a machine without systemd:
      health checks, which are timers of systemd, and with them what waits until something is healthy;
      what waits until a job has ended, which podman-compose does not start
TEXT
