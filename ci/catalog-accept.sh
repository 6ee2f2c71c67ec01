#!/bin/bash
# Holds the catalog against real servers: services of one line each are rendered, started with the
# restrictions that are rendered, asked for their health, stopped under their init, and used by an
# application with the connection strings that it is given.
#
#   catalog-accept.sh ORCH      ORCH: the command, built
#
# The images are those of docker-up.sh. Everything that was started is removed again; on a failure the
# state and the ends of the logs are shown first.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
orch=$(realpath "$1")
project=catalog-acceptance-$$
state=$(mktemp -d)
chmod 755 "$state"
services=(etcd mariadb memcached mosquitto nats nginx pages places postgres prometheus rabbitmq redis store)
started=$SECONDS

compose() { docker compose --ansi never -p "$project" -f "$state/deploy/compose.yaml" "$@"; }
ok() { printf 'ok    %-10s %s\n' "$@"; }
fail() {
  printf 'FAIL  %-10s %s\n' "$@" >&2
  exit 1
}

finish() {
  local status=$?
  trap - EXIT
  if [ "$status" != 0 ]; then
    compose ps --all >&2 || true
    compose logs --tail 15 >&2 || true
  fi
  for id in "${stopped[@]:-}"; do signal CONT "$id" 2>/dev/null || true; done
  compose down --volumes --timeout 10 >"$state/down" 2>&1 || {
    cat "$state/down" >&2
    status=1
  }
  rm -rf "$state"
  exit "$status"
}
stopped=()
trap finish EXIT

container() { compose ps --all --quiet "$1"; }
inspect() { docker inspect --format "$2" "$(container "$1")"; }
health() { inspect "$1" '{{.State.Health.Status}}'; }

# signal SIGNAL SERVICE: to everything in the container but its init.
signal() {
  local init pid
  init=$(docker inspect --format '{{.State.Pid}}' "$(container "$2")")
  for pid in $(docker top "$(container "$2")" -eo pid | tail -n +2); do
    if [ "$pid" != "$init" ]; then kill -s "$1" "$pid" 2>/dev/null || true; fi
  done
}

# until_health SERVICE STATE
until_health() {
  for _ in $(seq 240); do
    if [ "$(health "$1")" = "$2" ]; then return; fi
    sleep 0.5
  done
  fail "$1" "is $(health "$1"), not $2"
}

# --- rendered, with secrets of the deployer ---------------------------------------------------------

"$here"/engines/docker-up.sh postgres:16 mariadb:11.4 redis:7-alpine rabbitmq:3.13-management nats:2.10-alpine \
  eclipse-mosquitto:2.0 memcached:1.6 nginx:1.28 quay.io/coreos/etcd:v3.5.16 prom/prometheus:v2.55.1 \
  postgis/postgis:16-3.5 nginxinc/nginx-unprivileged:1.28 orch.example/client:1

"$orch" orch render --manifest "$here/catalog/manifest.json" --target compose --profile ci --strict \
  --out "$state/deploy" >/dev/null
mkdir -m 755 "$state/secrets"
export ORCH_SECRETS=$state/secrets
secret() { head -c 18 /dev/urandom | base64 | tr '+/' '-_'; }
# What the deployer is asked for, and the files of it.
while read -r name; do export "$name=$(secret)"; done < <(sed -n '/^ORCH_SECRETS=/d; s/^\([A-Z_]*\)=$/\1/p' "$state/deploy/.env.example")
for name in $(sed -n 's/^# the folder with a file for each of the secrets //p' "$state/deploy/.env.example" | tr -d ,); do
  secret >"$ORCH_SECRETS/$name"
done
chmod 644 "$ORCH_SECRETS"/*

# --- started, as they are rendered ------------------------------------------------------------------

compose up --wait --wait-timeout 240 --quiet-pull >"$state/up" 2>&1 || {
  cat "$state/up" >&2
  fail all "do not start"
}
for id in "${services[@]}"; do
  if [ "$(health "$id")" != healthy ]; then fail "$id" "is $(health "$id")"; fi
  if [ "$(inspect "$id" '{{.HostConfig.CapDrop}}')" != '[ALL]' ]; then fail "$id" "has all capabilities"; fi
  case $(inspect "$id" '{{.HostConfig.SecurityOpt}}') in
    *no-new-privileges*) ;;
    *) fail "$id" "may gain privileges" ;;
  esac
  case $id in
    # Their data paths belong to root in the image.
    etcd | nats) ;;
    *)
      if [ "$(inspect "$id" '{{.HostConfig.ReadonlyRootfs}}')" != true ]; then fail "$id" "can write everywhere"; fi
      if [ "$(inspect "$id" '{{.Config.User}}')" = 0:0 ]; then fail "$id" "is root"; fi
      ;;
  esac
  ok "$id" "is healthy within its restrictions"
done

# --- used, with what the application is given -------------------------------------------------------

in_client() { compose exec -T client "$@"; }
# used SERVICE EXPECTED COMMAND: a shell command of the application that prints this.
used() {
  local out
  out=$(in_client sh -euc "$3" 2>&1) || fail "$1" "cannot be used: $out"
  if [ "$out" != "$2" ]; then fail "$1" "answers: $out"; fi
  ok "$1" "is used with its connection string"
}
# What has no client here is spoken to: HOST:PORT TEXT.
talk='import socket, sys
from urllib.parse import urlsplit
url = urlsplit(sys.argv[1])
talk = socket.create_connection((url.hostname, url.port), 5)
text = sys.argv[2].replace("USER", url.username or "").replace("PASSWORD", url.password or "")
talk.sendall(text.encode().decode("unicode_escape").encode())
talk.settimeout(5)
answer = b""
while sys.argv[3].encode() not in answer:
    more = talk.recv(4096)
    if not more:
        sys.exit(answer.decode())
    answer += more
print("answered")'

# shellcheck disable=SC2016  # The application's own shell reads the variables.
{
  used postgres 42 'psql "$DATABASE_URL" -Atc "CREATE TABLE t AS SELECT 42 AS n" -c "SELECT n FROM t" | tail -n 1'
  used mariadb 42 'u=${MARIADB_URL#mysql://}; export MYSQL_PWD=${u#*:}; MYSQL_PWD=${MYSQL_PWD%%@*}
    mariadb --user "${u%%:*}" --host mariadb --database "${u##*/}" --batch --skip-column-names \
      --execute "CREATE TABLE t AS SELECT 42 AS n; SELECT n FROM t"'
  used places 'POINT(1 2)' 'psql "$PLACES_URL" -qAtc "CREATE EXTENSION IF NOT EXISTS postgis" -c "SELECT ST_AsText(ST_Point(1, 2))"'
  used pages 'it works' 'curl --silent --fail "$PAGES_URL/"'
  used store kept 'redis-cli -u "$STORE_URL" --no-auth-warning set k kept >/dev/null; redis-cli -u "$STORE_URL" --no-auth-warning get k'
  used redis there 'redis-cli -u "$REDIS_URL" --no-auth-warning set k there >/dev/null; redis-cli -u "$REDIS_URL" --no-auth-warning get k'
  used rabbitmq hello 'amqp-declare-queue --url "$AMQP_URL" -d -q q >/dev/null; amqp-publish --url "$AMQP_URL" -r q -b hello
    amqp-get --url "$AMQP_URL" -q q'
  used mosquitto there 'mosquitto_pub -L "$MQTT_URL/topic" -r -m there; mosquitto_sub -L "$MQTT_URL/topic" -C 1 -W 5'
  used etcd there 'ETCDCTL_API=3; export ETCDCTL_API; etcdctl --endpoints "$ETCD_ENDPOINTS" put k there >/dev/null
    etcdctl --endpoints "$ETCD_ENDPOINTS" get k --print-value-only'
  used nginx 'it works' 'curl --silent --fail "$NGINX_URL/"'
  used prometheus success 'curl --silent --fail "$PROMETHEUS_URL/api/v1/query?query=up" | sed "s/.*\"status\":\"\([a-z]*\)\".*/\1/"'
  used memcached answered "python3 -c '$talk' \"\$MEMCACHED_URL\" 'version\\r\\n' VERSION"
  used nats answered "python3 -c '$talk' \"\$NATS_URL\" 'CONNECT {\"user\":\"USER\",\"pass\":\"PASSWORD\",\"verbose\":false}\\r\\nPING\\r\\n' PONG"
}

# refused SERVICE COMMAND: without the password nobody gets in.
refused() {
  if in_client sh -euc "$2" >/dev/null 2>&1; then fail "$1" "lets in whoever comes"; fi
  ok "$1" "refuses who has no password"
}
refused postgres 'PGPASSWORD=wrong psql --host postgres --user app app -c "SELECT 1"'
refused mariadb 'mariadb --host mariadb --user app --execute "SELECT 1"'
# shellcheck disable=SC2016  # The application's own shell reads the variables.
refused mariadb 'u=${MARIADB_URL#mysql://}; export MYSQL_PWD=${u#*:}; MYSQL_PWD=${MYSQL_PWD%%@*}
  mariadb --user "${u%%:*}" --host mariadb --execute "USE app"'
refused places 'PGPASSWORD=wrong psql --host places --user app app -c "SELECT 1"'
refused store 'redis-cli -e -h store ping'
refused redis 'redis-cli -e -h redis ping'
refused rabbitmq 'amqp-declare-queue --url amqp://app:wrong@rabbitmq -q q'
refused mosquitto 'mosquitto_sub -h mosquitto -t t -C 1 -W 3'
refused nats "python3 -c '$talk' nats://nats:4222 'CONNECT {\"verbose\":false}\\r\\nPING\\r\\n' PONG"

# --- stopped under their init, and back again -------------------------------------------------------

for id in "${services[@]}"; do
  stopped+=("$id")
  signal STOP "$id"
done
for id in "${stopped[@]}"; do
  until_health "$id" unhealthy
  ok "$id" "is unhealthy while its server stands still"
done
for id in "${stopped[@]}"; do signal CONT "$id"; done
for id in "${stopped[@]}"; do until_health "$id" healthy; done
stopped=()

# --- asked by their own clients ---------------------------------------------------------------------

# words IMAGE PATH: a command of the catalog, one word a line of zeros.
words() {
  "$orch" orch catalog "$1" --json | python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[key]
for word in value:
    sys.stdout.write(word + "\0")' "$2"
}
# asked SERVICE IMAGE EXPECTED [LINE]: the client of the catalog, given this line, says something like it.
asked() {
  local client=() out
  mapfile -d '' client < <(words "$2" client)
  # One that says what happens as it happens is stopped.
  out=$(echo "${4:-}" | timeout 20 docker compose --ansi never -p "$project" -f "$state/deploy/compose.yaml" \
    exec -T "$1" "${client[@]}" 2>&1) || true
  case $out in
    *"$3"*) ok "$1" "is asked by its own client" ;;
    *) fail "$1" "tells its own client: $out" ;;
  esac
}
asked postgres postgres:16 42 'SELECT 6 * 7;'
asked mariadb mariadb:11.4 42 'SELECT 6 * 7;'
asked redis redis:7-alpine PONG PING
asked rabbitmq rabbitmq:3.13-management RabbitMQ
asked etcd quay.io/coreos/etcd:v3.5.16 127.0.0.1:2379
asked prometheus prom/prometheus:v2.55.1 up
asked mosquitto eclipse-mosquitto:2.0 'topic there'

# --- kept over a new container, where it is no cache ------------------------------------------------

compose up --wait --force-recreate --no-deps store redis >"$state/again" 2>&1 || fail store "does not start again"
# shellcheck disable=SC2016  # The application's own shell reads the variables.
{
  used store kept 'redis-cli -u "$STORE_URL" --no-auth-warning get k'
  used redis '' 'redis-cli -u "$REDIS_URL" --no-auth-warning get k'
}

# --- data out and in again --------------------------------------------------------------------------

# stream SERVICE IMAGE KEY: what the catalog says runs in the container.
stream() {
  local command=()
  mapfile -d '' command < <(words "$2" "$3.command")
  compose exec -T "$1" "${command[@]}"
}
# sql SERVICE STATEMENT: as the application.
# shellcheck disable=SC2016  # The application's own shell reads the variables.
sql() {
  case $1 in
    postgres) in_client sh -euc 'psql "$DATABASE_URL" --quiet --no-align --tuples-only --command "$0"' "$2" ;;
    mariadb) in_client sh -euc 'u=${MARIADB_URL#mysql://}; export MYSQL_PWD=${u#*:}; MYSQL_PWD=${MYSQL_PWD%%@*}
      mariadb --user "${u%%:*}" --host mariadb --database "${u##*/}" --batch --skip-column-names --execute "$0"' "$2" ;;
  esac
}
for line in "postgres postgres:16" "mariadb mariadb:11.4"; do
  read -r id image <<<"$line"
  stream "$id" "$image" dump >"$state/dump" || fail "$id" "does not give its data"
  sql "$id" "DROP TABLE t"
  stream "$id" "$image" restore <"$state/dump" >/dev/null || fail "$id" "does not take its data"
  back=$(sql "$id" "SELECT n FROM t")
  if [ "$back" != 42 ]; then fail "$id" "lost its data: $back"; fi
  ok "$id" "gives its data and takes it back"
done

stream rabbitmq rabbitmq:3.13-management dump >"$state/dump" || fail rabbitmq "does not give its definitions"
compose exec -T rabbitmq rabbitmqctl --quiet delete_queue q >/dev/null
stream rabbitmq rabbitmq:3.13-management restore <"$state/dump" >/dev/null || fail rabbitmq "does not take its definitions"
case $(compose exec -T rabbitmq rabbitmqctl --quiet list_queues name) in
  *q*) ok rabbitmq "gives its definitions and takes them back" ;;
  *) fail rabbitmq "lost its queue" ;;
esac

echo "all ${#services[@]} services in $((SECONDS - started)) s"
