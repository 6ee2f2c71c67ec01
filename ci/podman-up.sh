#!/bin/bash
# Runs systems with `cargo orch up --engine podman` on a real Podman with podman-compose, and looks after them: first a
# small one, in which each waits for another, then the shop. On a machine without systemd, where Podman by itself runs
# no health check.
#
#   podman-up.sh COMMAND      COMMAND: the command cargo-orch
#
# The images of the shop's apps come from shop-images.sh, the others from docker-up.sh.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
command=$(realpath "$1")
state=$(mktemp -d)
shop=$state/shop/examples/shop
system=orch-podman-$$
project=$system-local

ok() { printf 'ok    %s\n' "$*"; }
fail() {
  printf 'FAIL  %s\n' "$*" >&2
  tail -n 30 "$state/talk" "$state/data" >&2 || true
  exit 1
}
# The command in the current folder: what it says goes to a file, what it prints to the caller.
orch() { "$command" orch "$@" 2>"$state/talk"; }
# ends CODE WORDS ARGUMENT...: the command has to end with a code, and to say something.
ends() {
  local code=$1 says=$2 status=0
  shift 2
  orch "$@" >"$state/data" || status=$?
  [ "$status" = "$code" ] || fail "cargo orch $* ended with $status, not with $code"
  grep -q -- "$says" "$state/talk" "$state/data" || fail "cargo orch $* does not say: $says"
}
# The containers of a project, with when each was started.
started() { podman ps --all --filter "label=io.podman.compose.project=$1" --format '{{.ID}} {{.StartedAt}}' | sort; }
# When the container of a service began or ended.
when() { podman inspect --format "{{.State.$2.UnixNano}}" "${project}_$1_1"; }

finish() {
  local status=$?
  trap - EXIT
  for folder in "$state" "$shop"; do
    if [ -d "$folder/.orch" ]; then (cd "$folder" && orch down --volumes --yes) || status=1; fi
  done
  rm -rf "$state"
  exit "$status"
}

"$here/engines/docker-up.sh" postgres:16 redis:7-alpine rabbitmq:3.13-management
PATH=$("$here/engines/tools.sh"):$PATH
apps=(ghcr.io/acme/shop-{api,worker,migrate,report}:0.1.0)
CONTAINERS_CONF=$("$here/engines/podman-up.sh" postgres:16 redis:7-alpine rabbitmq:3.13-management "${apps[@]}")
export CONTAINERS_CONF PATH
if [ -d /run/systemd/system ]; then
  # As on a machine without it, which is what is looked at here.
  export DISABLE_HC_SYSTEMD=true
fi
trap finish EXIT
trap 'exit 130' INT TERM
cd "$state"

# manifest FILE CHECK: a manifest of the small system, in which a shell says whether its database is healthy.
manifest() {
  python3 - "$system" "$2" >"$1" <<'PYTHON'
import json, sys
place = {"package": "p", "file": "src/lib.rs", "item": "S"}
def workload(id, script, **more):
    return {"id": id, "image": "debian:bookworm", "command": ["sh", "-c", script], "grace": "1s", "restricted": False,
            "declaredBy": place, **more}
none = {"check": "none"}
check = {"check": {"shell": sys.argv[2]}, "interval": "1s", "timeout": "3s", "retries": 2, "startPeriod": "2m"}
store = workload("store", "echo the store has ${#TOKEN} letters; sleep 3; touch /tmp/open; exec sleep 600", kind="other",
                 health=check, env={"TOKEN": {"secret": "token"}}, ports=[{"number": 4000}],
                 volumes=[{"path": "/data", "name": "data"}])
cache = workload("cache", "exec sleep 600", kind="other", health=none)
job = workload("job", "sleep 1; echo done", version="0.1.0", kind="job", services=["store"])
worker = workload("worker", "exec sleep 600", version="0.1.0", kind="worker", services=["store"], after=["job"])
print(json.dumps({"schemaVersion": 1, "system": sys.argv[1], "apps": [job, worker], "services": [cache, store]}))
PYTHON
}
manifest manifest.json 'test -e /tmp/open || { echo it is not open; exit 1; }'

orch up --engine podman --manifest manifest.json --dry-run >"$state/data" || fail 'nothing can be shown'
python3 - "$state/data" <<'PYTHON' || fail 'what would be run is not in order'
import sys
lines = [line.split(" up ", 1)[-1].strip() for line in open(sys.argv[1]) if not line.startswith("export ")]
wanted = ["cache store", "job", "worker"]
found = [line.replace("--detach --no-deps --no-build ", "") for line in lines if not line.startswith("#")]
sys.exit(found != wanted)
PYTHON
SECONDS=0
ends 0 'job is done' up --engine podman --manifest manifest.json
grep -q 'only while .cargo orch' "$state/talk" || fail 'it is not said who looks after health'
before=$(started "$project")
[ "$(wc -l <<<"$before")" = 4 ] || fail "there are not four containers: $before"
[ "$(when job StartedAt)" -gt "$(($(when store StartedAt) + 3000000000))" ] || fail 'the job did not wait for health'
[ "$(when worker StartedAt)" -gt "$(when job FinishedAt)" ] || fail 'the worker did not wait for the job'
ok "up in $SECONDS s, the job after its database is healthy, the worker after the job has ended"
ends 0 'nothing has changed' up --manifest manifest.json
[ "$(started "$project")" = "$before" ] || fail 'a second up touched a container'
ends 0 healthy status --manifest manifest.json
ends 0 "the store has $(wc -c <"$state/.orch/secrets/token") letters" logs store --grep letters
status=0
orch exec store -- sh -c 'echo kept >/data/file; exit 7' >"$state/data" || status=$?
[ "$status" = 7 ] || fail "exec ended with $status"
ok 'a second up changes nothing; status, logs, exec'

orch exec store -- rm /tmp/open
ends 1 'store is unhealthy: it is not open' status --manifest manifest.json
orch exec store -- touch /tmp/open
ends 0 healthy status --manifest manifest.json --wait-healthy
podman kill "${project}_cache_1" >/dev/null
ends 1 'cache ended with 137' status --manifest manifest.json
ends 0 'cache is ready' up --manifest manifest.json
ok 'what is not healthy any more is named, and so is a container that was killed, which is started again'

manifest closed.json 'echo it stays closed; exit 1'
ends 4 'its health check has not passed yet: it stays closed' up --manifest closed.json --timeout 10s
grep -q 'the store has' "$state/talk" || fail 'the log is not shown'
[ "$(podman inspect --format '{{.State.Status}}' "${project}_worker_1")" = running ] || fail 'who waits was touched'
ok 'a check that never passes ends the waiting, with what it says and with the log'

ends 0 'its data stays' down
podman volume exists "${project}_store_data" || fail 'down removed the data'
ends 0 'store is ready' up --engine podman --manifest manifest.json
orch exec store -- cat /data/file >"$state/data" || fail 'the data is gone after down and up'
ends 0 'with its data' down --volumes --yes
! podman volume exists "${project}_store_data" || fail 'down --volumes left the data'
ok 'down leaves the data, down --volumes --yes does not'

# What is compiled is not needed: the images are there.
mkdir "$state/shop"
tar -C "$here/.." --exclude=./target --exclude=./examples/*/target --exclude=.orch --exclude=.git -c . | tar -C "$state/shop" -x
cd "$shop"
# The endpoint of the API.
api() {
  orch status --no-compile --json | python3 -c '
import json, sys
services = json.load(sys.stdin)["services"]
print(next(service["endpoints"][0]["address"] for service in services if service["id"] == "api"))'
}
SECONDS=0
ends 0 'worker is ready' up --no-compile --engine podman
ok "the shop is up in $SECONDS s: $(tr -s ' \n' ' ' <"$state/data")"
project=$(python3 -c 'import json; print(json.load(open(".orch/local/launch.json"))["project"])')
before=$(started "$project")
url=$(api)
curl -sS --max-time 10 --fail-with-body -H 'content-type: application/json' -d '{"item":"tea","quantity":2}' \
  "$url/orders" >"$state/answer" || fail "an order was answered with: $(cat "$state/answer")"
for _ in $(seq 100); do
  if grep -q '"processed":true' <<<"$(curl -sS --max-time 5 "$url/orders")"; then break; fi
  sleep 0.2
done
grep -q '"processed":true' <<<"$(curl -sS --max-time 5 "$url/orders")" || fail 'the order was not processed'
ends 0 'nothing has changed' up --no-compile
[ "$(started "$project")" = "$before" ] || fail 'a second up touched a container'
ends 0 healthy status --no-compile
ok "$url took an order and the worker processed it; a second up changes nothing"

# shellcheck disable=SC2016  # the container's shell knows who logs in
sql() { orch exec postgres -- sh -c 'psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -Atqc "$1"' sh "$1"; }
ends 0 'bytes of .postgres.' backup postgres -o "$state/orders.sql"
sql 'drop table orders cascade' || fail 'the table cannot be dropped'
ends 0 'has the data of' restore postgres "$state/orders.sql" --yes
[ "$(sql 'select count(*) from orders')" = 1 ] || fail 'the order is not in PostgreSQL again'
ok 'the rows are back after backup, wipe and restore'

podman kill "${project}_redis_1" >/dev/null
ends 1 'redis ended with 137' status --no-compile
ends 0 'ready to accept connections' logs postgres --grep 'ready to accept'
ends 0 'redis is ready' up --no-compile
ends 0 'its data stays' down
podman volume exists "${project}_postgres_data" || fail 'down removed the data'
ends 0 'with its data' down --volumes --yes
! podman volume exists "${project}_postgres_data" || fail 'down --volumes left the data'
ok 'a container that was killed is named, and started again; down leaves the data, down --volumes --yes does not'

cat <<'TEXT'
what cannot be had without systemd, with Podman 4.3 and podman-compose 1.6:
      health while nobody looks: checks are run only while `cargo orch up` or `status` does
      a start after a restart of the machine, which is a unit of systemd
TEXT
