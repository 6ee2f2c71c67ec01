#!/bin/bash
# Runs the shop with `cargo orch up`, uses it, breaks it, and runs it from two checkouts side by side.
#
#   shop-up.sh COMMAND      COMMAND: the command cargo-orch
#
# The images of the apps come from shop-images.sh, the others from docker-up.sh. It works on copies of the
# repository's sources; everything that was started is removed again.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
command=$(realpath "$1")
state=$(mktemp -d)
first=$state/first/examples/shop
second=$state/second/examples/shop

ok() { printf 'ok    %s\n' "$*"; }
fail() {
  printf 'FAIL  %s\n' "$*" >&2
  tail -n 30 "$state/talk" >&2 || true
  exit 1
}

# The command in the current checkout: what it says goes to a file, what it prints to the caller.
orch() { "$command" orch "$@" 2>"$state/talk"; }
# It has to end with a code, and to say something.
ends() {
  local code=$1 says=$2 status=0
  shift 2
  orch "$@" >"$state/data" || status=$?
  [ "$status" = "$code" ] || fail "cargo orch $* ended with $status, not with $code"
  grep -q "$says" "$state/talk" "$state/data" || fail "cargo orch $* does not say: $says"
}
# The containers of a project, with when each was started.
started() {
  docker ps --all --quiet --filter "label=com.docker.compose.project=$1" |
    xargs -r docker inspect --format '{{.Id}} {{.State.StartedAt}}' | sort
}

# Where the API is reached.
api() {
  orch status --json | python3 -c '
import json, sys
services = json.load(sys.stdin)["services"]
print(next(service["endpoints"][0]["address"] for service in services if service["id"] == "api"))'
}

finish() {
  local status=$?
  trap - EXIT
  for checkout in "$first" "$second"; do
    if [ -d "$checkout" ]; then
      (cd "$checkout" && orch down --volumes --yes) || status=1
    fi
  done
  rm -rf "$state"
  exit "$status"
}

"$here/engines/docker-up.sh" postgres:16 redis:7-alpine rabbitmq:3.13-management
trap finish EXIT
trap 'exit 130' INT TERM

mkdir "$state/first"
tar -C "$here/.." --exclude=./target --exclude=./examples/*/target --exclude=.orch --exclude=.git -c . | tar -C "$state/first" -x
# One target folder for both: what is compiled is the same.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/../examples/shop/target}

cd "$first"
SECONDS=0
ends 0 'worker is ready' up
ok "up in $SECONDS s: $(tr -s ' \n' ' ' <"$state/data")"
project=$(python3 -c 'import json; print(json.load(open(".orch/local/launch.json"))["project"])')
url=$(api)
curl -sS --max-time 10 --fail-with-body -H 'content-type: application/json' -d '{"item":"tea","quantity":2}' \
  "$url/orders" >"$state/answer" || fail "an order was answered with: $(cat "$state/answer")"
for _ in $(seq 50); do
  if grep -q '"processed":true' <<<"$(curl -sS --max-time 5 "$url/orders")"; then break; fi
  sleep 0.2
done
grep -q '"processed":true' <<<"$(curl -sS --max-time 5 "$url/orders")" || fail "the order was not processed"
# shellcheck disable=SC2016  # the container's shell knows who logs in
query='psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -Atc "select count(*) from orders"'
[ "$(orch exec postgres -- sh -c "$query")" = 1 ] || fail "the order is not in PostgreSQL"
ok "$url took an order, the worker processed it, and PostgreSQL has it"

ends 0 'bytes of .postgres.' backup postgres -o "$state/orders.sql"
# shellcheck disable=SC2016  # the container's shell knows them
orch exec postgres -- sh -c 'psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -qc "drop table orders cascade"'
ends 2 'add .--yes.' restore postgres "$state/orders.sql"
ends 0 'has the data of' restore postgres "$state/orders.sql" --yes
[ "$(orch exec postgres -- sh -c "$query")" = 1 ] || fail "the order is not in PostgreSQL again"
orch exec redis -- redis-cli set marked yes >/dev/null
ends 0 'bytes of .redis.' backup redis -o "$state/cache.rdb"
orch exec redis -- redis-cli flushall >/dev/null
ends 0 'has the data of' restore redis "$state/cache.rdb" --yes
[ "$(orch exec redis -- redis-cli get marked)" = yes ] || fail "the key is not in Redis again"
head -c 1000 /dev/urandom >"$state/noise.rdb"
ends 1 'could not be restored' restore redis "$state/noise.rdb" --yes
[ "$(orch exec redis -- redis-cli get marked)" = yes ] || fail "a file that is no backup changed Redis"
ok "the rows and the keys are back after backup, wipe and restore"

before=$(started "$project")
SECONDS=0
ends 0 'nothing has changed' up
[ "$(started "$project")" = "$before" ] || fail "a second up touched a container"
ok "a second up changes nothing ($SECONDS s)"

ends 0 healthy status
docker kill "$project-redis-1" >/dev/null
ends 1 'redis ended with 137' status
ends 0 'ready to accept connections' logs postgres --since 30m --grep 'ready to accept'
ends 0 'redis is ready' up
ok "a container that was killed is named, and started again"

# A copy with everything, the folder of the first one's launch included.
cp -a "$state/first" "$state/second"
cd "$second"
ends 0 "the project is \`$project-2\`" up
ends 0 healthy status
[ "$(orch exec postgres -- sh -c 'ls /var/lib/postgresql/data' | wc -l)" -gt 5 ] || fail "the second has no database"
cd "$first"
[ "$(started "$project" | wc -l)" = 6 ] || fail "the second checkout took containers of the first"
ends 0 healthy status
cd "$second"
ends 0 'with its data' down --volumes --yes
cd "$first"
ends 0 healthy status
ok "two checkouts side by side do not touch each other"

ends 0 'its data stays' down
docker volume inspect "${project}_postgres_data" >/dev/null || fail "down removed the data"
ends 0 'worker is ready' up
grep -q tea <<<"$(curl -sS --max-time 5 "$(api)/orders")" || fail "the order is gone after down and up"
ends 2 'add .--yes.' down --volumes
ends 0 'with its data' down --volumes --yes
if docker volume inspect "${project}_postgres_data" >/dev/null 2>&1; then fail "down --volumes left the data"; fi
ok "down leaves the data, down --volumes --yes does not"

# The same programs on the host, told nothing but where they lie.
ends 0 'postgres is ready' up --no-apps
cargo build --locked --quiet -p migrate -p report 2>"$state/talk" || fail "the shop does not build"
mkdir -p target/debug
cp "$CARGO_TARGET_DIR/debug/migrate" "$CARGO_TARGET_DIR/debug/report" target/debug
for program in migrate report; do
  (cd / && env -i "$first/target/debug/$program") >"$state/data" 2>"$state/talk" || fail "$program fails on the host"
done
ends 0 'its data stays' down
if (cd / && timeout 10 env -i "$first/target/debug/migrate") >"$state/data" 2>&1; then fail "migrate needs no database"; fi
ok "after up --no-apps a program on the host finds what it needs by itself"
