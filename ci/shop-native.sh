#!/bin/bash
# Runs the shop of examples/shop against real servers on this machine, without containers: PostgreSQL,
# Redis, RabbitMQ and a mail relay on loopback ports of their own, all data in a temporary folder.
#
#   shop-native.sh [FOLDER]      FOLDER is the shop's workspace (default examples/shop)
#
# It fails on anything unexpected, and then shows the ends of all logs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
shop=$(realpath "${1:-$here/../examples/shop}")
work=$(mktemp -d "${TMPDIR:-/tmp}/shop-native.XXXXXX")
chmod 755 "$work"
logs=$work/logs
mkdir "$logs"
password=native-test-only
declare -A pid=()
PATH=$PATH:/usr/sbin

# --- what is said -------------------------------------------------------------------------------

ok() { printf 'ok    %s\n' "$*"; }
fail() {
  printf 'FAIL  %s\n' "$*" >&2
  exit 1
}

# --- servers ------------------------------------------------------------------------------------

# start NAME COMMAND...: in the background, in a folder of its own.
start() {
  local name=$1
  shift
  mkdir -p "$work/$name"
  (cd "$work/$name" && exec "$@") >>"$logs/$name" 2>&1 &
  pid[$name]=$!
}

# The same for a server: PostgreSQL refuses to run as root, and the others have no need to.
serve() {
  local name=$1 user=()
  shift
  mkdir -p "$work/$name"
  if [ "$(id -u)" = 0 ]; then
    chown nobody:nogroup "$work/$name"
    user=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
  fi
  start "$name" "${user[@]}" env HOME="$work/$name" "$@"
}

# stop NAME: and wait until it is gone.
stop() {
  local name=$1 signal=TERM status=0
  # On TERM it waits for its clients to leave.
  if [ "$name" = postgres ]; then signal=INT; fi
  kill -s "$signal" "${pid[$name]}" 2>/dev/null || true
  wait "${pid[$name]}" || status=$?
  unset "pid[$name]"
  return "$status"
}

free_ports() {
  python3 - "$1" <<'PYTHON'
import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in held))
PYTHON
}

# until SECONDS COMMAND...: repeats it until it succeeds.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then return 1; fi
    sleep 0.2
  done
}

find_postgres() {
  local folder
  folder=$(find /usr/lib/postgresql -maxdepth 3 -name initdb 2>/dev/null | sort -V | tail -n 1)
  dirname "${folder:-$(command -v initdb || true)}"
}

ensure_servers() {
  local missing=()
  command -v redis-server >/dev/null || missing+=(redis-server)
  command -v rabbitmqctl >/dev/null || missing+=(rabbitmq-server)
  [ -x "$(find_postgres)/initdb" ] || missing+=(postgresql)
  if [ ${#missing[@]} = 0 ]; then return; fi
  # None of them may start by itself: they would take the usual ports.
  RUNLEVEL=1 "$here/engines/debian.sh" "${missing[@]}"
}

start_postgres() { serve postgres "$pg/postgres" -D "$work/postgres/data" -h 127.0.0.1 -p "$pg_port" -k "$work/postgres"; }
start_redis() {
  serve redis redis-server --bind 127.0.0.1 --port "$redis_port" --requirepass "$password" --save "" --appendonly no
}
start_rabbitmq() {
  serve rabbitmq env ERL_EPMD_PORT="$epmd_port" RABBITMQ_DIST_PORT="$dist_port" \
    RABBITMQ_NODENAME=shop@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$amqp_port" \
    RABBITMQ_MNESIA_BASE="$work/rabbitmq/data" RABBITMQ_LOG_BASE="$work/rabbitmq" RABBITMQ_LOGS=- \
    RABBITMQ_ENABLED_PLUGINS_FILE="$work/rabbitmq.plugins" RABBITMQ_CONFIG_FILE="$work/rabbitmq.conf" \
    RABBITMQ_DEFAULT_USER=app RABBITMQ_DEFAULT_PASS="$password" \
    "$(find /usr/lib/rabbitmq/bin /opt/rabbitmq/sbin -name rabbitmq-server 2>/dev/null | head -n 1)"
}

# --- the shop -----------------------------------------------------------------------------------

get() { curl -sS --max-time 5 "http://127.0.0.1:$api_port$1"; }
health() { curl -s --max-time 5 -o "$work/health.json" -w '%{http_code}' "http://127.0.0.1:$api_port/health"; }
scrape() { curl -sS --max-time 5 "http://127.0.0.1:$metrics_port/metrics"; }
number() { grep -q "^$1" <<<"$(scrape)"; }
health_is() { [ "$(health)" = "$1" ]; }
sql() { PGPASSWORD=$password psql -X -A -t -q -h 127.0.0.1 -p "$pg_port" -U app app -c "$1"; }
processed() { [ "$(sql "SELECT processed_at IS NOT NULL FROM orders WHERE id = $1")" = t ]; }

# order ITEM QUANTITY: posts it, prints its id.
order() {
  local answer
  answer=$(curl -sS --max-time 10 -w '\n%{http_code}' -H 'content-type: application/json' \
    -d "{\"item\":\"$1\",\"quantity\":$2}" "http://127.0.0.1:$api_port/orders")
  [ "${answer##*$'\n'}" = 201 ] || fail "an order was answered with: $answer"
  sed -n '1s/.*"id":\([0-9]*\).*/\1/p' <<<"$answer"
}

run_app() { (cd "$work" && ORCH_SYSTEM=$(cat "$work/told/$1") "$target/$1") 2>>"$logs/$1"; }
start_app() { start "$1" env ORCH_SYSTEM="$(cat "$work/told/$1")" "$target/$1"; }

# outage NAME: what the API says while a server is away, and after it is back.
outage() {
  stop "$1" >/dev/null || true
  until_true 20 health_is 503 || fail "/health did not turn 503 without $1"
  grep -q "\"$1:responseTime\":\[{[^]]*\"status\":\"fail\"" "$work/health.json" || fail "/health does not name $1: $(cat "$work/health.json")"
  number 'orch_services_unhealthy{.*} 1' || fail "/metrics does not count $1 as unhealthy: $(scrape)"
  [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$api_port/live")" = 200 ] || fail "/live is not 200 without $1"
  if [ "$1" = rabbitmq ]; then untold=$(order untold 1); fi
  "start_$1"
  until_true 40 health_is 200 || fail "/health did not recover after $1 was back"
  local id
  id=$(order "after-$1" 1)
  until_true 20 processed "$id" || fail "an order after the outage of $1 was not processed"
  ok "$1 away: /health 503; back: 200, and orders are processed"
}

finish() {
  local status=$? name
  trap - EXIT
  # First the logs, which would else end with what the stopping of the others makes of them.
  if [ "$status" != 0 ]; then
    for name in "$logs"/*; do
      printf -- '----- %s\n' "${name##*/}" >&2
      tail -n 15 "$name" >&2
    done
  fi
  for name in "${!pid[@]}"; do stop "$name" >/dev/null 2>&1 || true; done
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

ensure_servers
pg=$(find_postgres)
read -r pg_port redis_port amqp_port epmd_port dist_port smtp_port api_port metrics_port worker_port otlp_port < <(free_ports 10)

cd "$shop"
cargo build --locked --quiet 2>"$logs/build" || fail "the shop does not build"
target=$(cargo metadata --no-deps --format-version 1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/debug
ok "built in ${SECONDS} s"

cp adapters/rabbitmq/rabbitmq.conf "$work/rabbitmq.conf"
echo '[].' >"$work/rabbitmq.plugins"
echo "$password" >"$work/password"
chmod 644 "$work"/{rabbitmq.conf,rabbitmq.plugins,password}
serve postgres "$pg/initdb" -D "$work/postgres/data" -U app --pwfile="$work/password" -A scram-sha-256
wait "${pid[postgres]}"
start_postgres
start_redis
# In the foreground, or the broker would start one that outlives it.
serve epmd epmd -address 127.0.0.1 -port "$epmd_port"
start_rabbitmq
start mail python3 "$here/smtp-sink.py" "$smtp_port" "$work/mail/kept"

until_true 20 env PGPASSWORD="$password" createdb -h 127.0.0.1 -p "$pg_port" -U app --maintenance-db=postgres app ||
  fail "PostgreSQL did not start"

# What each app is told in Compose, with the addresses of here; the secrets are in a folder.
mkdir "$work/told" "$work/secrets"
export ORCH_SECRETS=$work/secrets
for server in postgres redis rabbitmq; do echo "$password" >"$work/secrets/$server-password"; done
python3 - deploy/compose/local/compose.yaml "$work/told" \
  postgres:5432="$pg_port" redis:6379="$redis_port" rabbitmq:5672="$amqp_port" smtp:25="$smtp_port" <<'PYTHON'
import json, re, sys
file, folder, *ports = sys.argv[1:]
moved = {key: int(port) for key, _, port in (pair.partition("=") for pair in ports)}
for text in re.findall(r"ORCH_SYSTEM: '(.*)'", open(file).read()):
    told = json.loads(text)
    for id, service in told["services"].items():
        port = moved[f"{id}:{service['port']}"]
        service.update(host=[{"text": "127.0.0.1"}], port=port, ports={}, check={"tcp": port})
    for part in (part for parts in told["bindings"].values() for part in parts if "text" in part):
        for key, port in moved.items():
            part["text"] = part["text"].replace(f"@{key}", f"@127.0.0.1:{port}")
    with open(f"{folder}/{told['app']}", "w") as out:
        json.dump(told, out)
PYTHON
# What somebody has set goes before what is told.
export PORT=$api_port METRICS_PORT=$metrics_port HEALTH_PORT=$worker_port

run_app migrate || fail "migrate failed"
run_app migrate || fail "migrate failed the second time"
ok "migrate, twice"

# RabbitMQ is still starting: the apps have to be patient.
start_app api
start_app worker
until_true 60 health_is 200 || fail "/health did not turn 200"
# As its container is asked: by its own binary.
until_true 20 "$target/worker" --orch-health "http://127.0.0.1:$worker_port/health" || fail "the worker shows no sign of life"
number 'orch_services_healthy{.*service_name="api".*} 3' || fail "/metrics says: $(scrape)"
number 'orch_check_duration_seconds_count{.*service="redis".*}' || fail "/metrics says: $(scrape)"
ok "api and worker are up: $(cat "$work/health.json")"

id=$(order 'green tea' 3)
until_true 20 processed "$id" || fail "order $id was not processed"
[ "$(sql "SELECT item, quantity FROM orders WHERE id = $id")" = 'green tea|3' ] || fail "the row is not what was ordered"
grep -q '"item":"green tea","quantity":3,"processed":true' <<<"$(get /orders)" || fail "GET /orders does not have it: $(get /orders)"
cached=$(REDISCLI_AUTH=$password redis-cli -p "$redis_port" get orders:last)
grep -q "\"id\":$id," <<<"$cached" || fail "the cache has: $cached"
[ "$(get /orders/last)" = "$cached" ] || fail "GET /orders/last is not what is in the cache: $(get /orders/last)"
until_true 10 grep -q "Please pack 3 x green tea" "$work/mail/kept" || fail "no mail came"
ok "an order: row, cache, queue, worker and mail"

status=$(curl -s -o /dev/null -w '%{http_code}' -H 'content-type: application/json' -d '{"item":"tea","quantity":0}' "http://127.0.0.1:$api_port/orders")
[ "$status" = 422 ] || fail "an order of nothing was answered with $status"
[ "$(run_app report)" = 'green tea: 3 in 1 orders' ] || fail "report says: $(run_app report)"
ok "an order of nothing is refused, and report adds up"

stop mail || true
id=$(order coffee 2)
until_true 20 processed "$id" || fail "an order was not processed because the mail relay was away"
until_true 10 grep -q "order $id: no mail" "$logs/worker" || fail "the worker does not say that no mail was sent"
kill -0 "${pid[worker]}" || fail "the worker ended because the mail relay was away"
ok "the mail relay away: the order is processed"

untold=
outage redis
outage postgres
outage rabbitmq
until_true 60 processed "$untold" || fail "the order that no worker was told of was not processed"
ok "an order taken while the queue was away is processed in the end"

stop api || fail "api ended with $? on SIGTERM"
stop worker || fail "worker ended with $? on SIGTERM"
ok "api and worker end with 0 on SIGTERM"

# With the feature `traces` the system has a place for them, of which the API is told.
cargo build --locked --quiet --package api --features traces 2>>"$logs/build" || fail "api does not build with traces"
python3 - "$work/told/api" "$otlp_port" <<'PYTHON'
import json, sys
told = json.load(open(sys.argv[1]))
told["services"]["jaeger"] = {
    "kind": "telemetry", "host": [{"text": "127.0.0.1"}], "ports": {"otlp": int(sys.argv[2])}, "required": False
}
json.dump(told, open(sys.argv[1], "w"))
PYTHON
start traces python3 "$here/otlp-sink.py" "$otlp_port" "$work/traces/kept"
start_app api
until_true 60 health_is 200 || fail "/health did not turn 200 with traces"
get /orders/last >/dev/null
stop api || fail "api ended with $? on SIGTERM, with traces"
grep -qx 'shop/api GET /orders/last 200' "$work/traces/kept" || fail "the traces are: $(cat "$work/traces/kept")"
ok "traces of requests, sent before the API ends; all in ${SECONDS} s"
