#!/bin/bash
# Deploys a rendered stack of the shop to a real swarm and uses it as a customer would: it converges, an
# order is taken and processed, an update rolls forward, and one that fails rolls back.
#
#   swarm-accept.sh STACK_FILE [ENV_FILE]      ENV_FILE: the values of the secrets (default ci/shop.env)
#
# The images of the apps come from shop-images.sh, the others from docker-up.sh. A swarm is made for the
# test and left again, with everything that was in it.
#
# Only the test gets an override: DNS instead of virtual addresses and ports of the host instead of the
# ingress network, since both need IPVS in the kernel; one replica of what has a port of the host.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,11p' "$0" | sed 's/^# \{0,1\}//' >&2
  exit 2
fi
file=$(realpath "$1")
env_file=$(realpath "${2:-$here/shop.env}")
stack=shop-acceptance-$$
state=$(mktemp -d)
port=18080

ok() { printf 'ok    %s\n' "$*"; }
fail() {
  printf 'FAIL  %s\n' "$*" >&2
  exit 1
}

finish() {
  local status=$?
  trap - EXIT
  if [ "$status" != 0 ]; then
    docker stack ps --no-trunc "$stack" 2>&1 | head -n 40 >&2 || true
    for service in $(docker stack services --format '{{.Name}}' "$stack" 2>/dev/null); do
      docker service logs --tail 5 "$service" 2>&1 | sed 's/\x1b\[2K//' >&2 || true
    done
  fi
  docker stack rm "$stack" >/dev/null 2>&1 || true
  for _ in $(seq 100); do
    [ -n "$(docker ps --quiet --filter "label=com.docker.stack.namespace=$stack")" ] || break
    sleep 0.5
  done
  docker swarm leave --force >/dev/null || status=1
  docker ps --all --quiet --filter "label=com.docker.stack.namespace=$stack" | xargs -r docker rm --force >/dev/null || true
  docker volume ls --quiet --filter "name=^${stack}_" | xargs -r docker volume rm >/dev/null || status=1
  rm -rf "$state"
  exit "$status"
}

# deploy [OVERRIDE...]
deploy() {
  local override
  local arguments=(--compose-file "$file" --compose-file "$state/test.yaml")
  for override in "$@"; do arguments+=(--compose-file "$override"); done
  ORCH_PORT_API=$port docker stack deploy --detach=true --resolve-image never "${arguments[@]}" "$stack" >"$state/deploy" 2>&1 ||
    fail "docker stack deploy: $(cat "$state/deploy")"
  ! grep -i ignoring "$state/deploy" || fail 'the engine ignores a part of the stack'
}

# What has not converged: a service that has not all of its tasks running, a job that has not completed.
missing() {
  docker stack services --format '{{.Name}} {{.Mode}} {{.Replicas}}' "$stack" |
    awk '/replicated job/ { if ($0 !~ /\(([0-9]+)\/\1 completed\)/ && $0 !~ /\(1\/1 completed\)/) print $1; next }
         { split($3, n, "/"); if (n[1] != n[2]) print $1 }'
}

# The state of the last update of a service.
update_state() { docker service inspect --format '{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}' "${stack}_$1"; }

# until_state SERVICE STATE SECONDS
until_state() {
  local deadline=$((SECONDS + $3))
  until [ "$(update_state "$1")" = "$2" ]; do
    [ "$SECONDS" -lt "$deadline" ] || fail "the update of $1 is $(update_state "$1"), not $2"
    sleep 1
  done
}

running() { docker stack ps --filter desired-state=running --format '{{.Name}} {{.CurrentState}}' "$stack" | grep "^${stack}_$1\." | grep -c ' Running'; }
processed() { grep -q "\"id\":$1,\"item\":\"green tea\",\"quantity\":3,\"processed\":true" <<<"$(curl -sS --max-time 5 "$url/orders")"; }

"$here/engines/docker-up.sh"
[ "$(docker info --format '{{.Swarm.LocalNodeState}}')" = inactive ] || fail 'the engine is in a swarm, which this test would leave'
docker stack config --compose-file "$file" >"$state/config.yaml" || fail "$file is not accepted"
ok "$1: docker stack config"

mapfile -t images < <(sed -n 's/^    image: //p' "$state/config.yaml" | sort -u)
services=()
for image in "${images[@]}"; do
  case "$image" in
    ghcr.io/acme/*) docker image inspect "$image" >/dev/null 2>&1 || fail "$image is not here: run shop-images.sh" ;;
    *) services+=("$image") ;;
  esac
done
"$here/engines/docker-up.sh" "${services[@]}"

trap finish EXIT
trap 'exit 130' INT TERM
docker swarm init --advertise-addr 127.0.0.1 >/dev/null
node=$(docker info --format '{{.Swarm.NodeID}}')

# The labels of the nodes, the secrets, and the override.
python3 - "$state" "$env_file" <<'PYTHON'
import json, sys, yaml
state, env_file = sys.argv[1:]
stack = yaml.safe_load(open(f"{state}/config.yaml"))
given = dict(line.rstrip("\n").split("=", 1) for line in open(env_file) if "=" in line and not line.startswith("#"))
value = lambda name: given[name.upper().replace("-", "_")]
with open(f"{state}/labels", "w") as labels, open(f"{state}/secrets", "w") as secrets:
    for service in stack["services"].values():
        for constraint in service["deploy"].get("placement", {}).get("constraints", []):
            labels.write(constraint.removeprefix("node.labels.").replace(" == ", "=") + "\n")
    for name, secret in stack["secrets"].items():
        secrets.write(f"{secret['name']} {value(name)}\n")
override = {}
for name, service in stack["services"].items():
    section = override[name] = {"deploy": {"endpoint_mode": "dnsrr"}}
    for published in service.get("ports", []):
        section["ports"] = [{"target": published["target"], "published": 18080, "mode": "host"}]
        section["deploy"].update(replicas=1, update_config={"order": "stop-first"})
json.dump({"services": override}, open(f"{state}/test.yaml", "w"))
PYTHON
while read -r label; do docker node update --label-add "$label" "$node" >/dev/null; done <"$state/labels"
while read -r name secret; do printf %s "$secret" | docker secret create "$name" - >/dev/null; done <"$state/secrets"

SECONDS=0
deploy
for _ in $(seq 180); do
  [ -n "$(missing)" ] || break
  sleep 1
done
[ -z "$(missing)" ] || fail "not there after ${SECONDS} s: $(missing | xargs)"
ok "converged in ${SECONDS} s: $(docker stack services --format '{{.Replicas}}' "$stack" | wc -l) services"

url=http://127.0.0.1:$port
report=$(curl -sS --max-time 5 --fail-with-body "$url/health") || fail "/health says: $report"
ok "$url/health: $report"
answer=$(curl -sS --max-time 10 --fail-with-body -H 'content-type: application/json' \
  -d '{"item":"green tea","quantity":3}' "$url/orders") || fail "an order was answered with: $answer"
id=$(sed -n 's/.*"id":\([0-9]*\).*/\1/p' <<<"$answer")
for _ in $(seq 100); do
  if processed "$id"; then break; fi
  sleep 0.2
done
processed "$id" || fail "order $id was not processed"
ok 'an order was taken and processed'

docker service update --detach --quiet --replicas 1 --force "${stack}_report" >/dev/null
for _ in $(seq 60); do
  total=$(docker service logs --raw "${stack}_report" 2>/dev/null)
  [ -z "$total" ] || break
  sleep 0.5
done
[ "$total" = 'green tea: 3 in 1 orders' ] || fail "report says: $total"
ok "report: $total"

SECONDS=0
cat >"$state/forward.yaml" <<'YAML'
services: { redis: { environment: { TEST_ROUND: "2" } } }
YAML
deploy "$state/forward.yaml"
until_state redis completed 120
[ "$(running redis)" = 1 ] || fail 'redis does not run after its update'
ok "an update rolled forward in ${SECONDS} s"

SECONDS=0
cat >"$state/failing.yaml" <<'YAML'
services: { redis: { entrypoint: ["false"], environment: { TEST_ROUND: "3" } } }
YAML
deploy "$state/failing.yaml"
until_state redis rollback_completed 180
grep -q TEST_ROUND=2 <<<"$(docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Env}}' "${stack}_redis")" ||
  fail 'redis is not what it was before the update that failed'
[ "$(running redis)" = 1 ] || fail 'redis does not run after the rollback'
ok "an update that fails rolled back in ${SECONDS} s"
