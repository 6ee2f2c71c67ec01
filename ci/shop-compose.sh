#!/bin/bash
# Runs a rendered compose file of the shop on a real engine and uses it as a customer would.
#
#   shop-compose.sh COMPOSE_FILE [ENV_FILE]      ENV_FILE: what the deployer gives (default ci/shop.env)
#
# The images of the apps come from shop-images.sh, the others from docker-up.sh. Everything that was
# started is removed again; on a failure the state and the ends of the logs are shown first.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
file=$(realpath "$1")
env_file=$(realpath "${2:-$here/shop.env}")
project=shop-acceptance-$$
state=$(mktemp -d)

compose() { docker compose --ansi never -p "$project" --env-file "$env_file" -f "$file" "$@"; }
ok() { printf 'ok    %s\n' "$*"; }
fail() {
  printf 'FAIL  %s\n' "$*" >&2
  exit 1
}

finish() {
  local status=$?
  trap - EXIT
  if [ "$status" != 0 ]; then
    compose ps --all >&2 || true
    compose logs --tail 15 2>&1 | sed 's/\x1b\[2K//' >&2 || true
  fi
  compose --profile '*' down --volumes --timeout 20 >"$state/down" 2>&1 || {
    cat "$state/down" >&2
    status=1
  }
  rm -rf "$state"
  exit "$status"
}

# Every service that is planned is there: jobs have ended with 0, all else is running and healthy.
judge() {
  compose config --format json >"$state/config"
  compose ps --all --format json >"$state/ps"
  python3 - "$state/config" "$state/ps" <<'PYTHON'
import json, sys
services = json.load(open(sys.argv[1]))["services"]
text = open(sys.argv[2]).read().strip()
found = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
jobs = {
    name
    for service in services.values()
    for name, needs in service.get("depends_on", {}).items()
    if needs["condition"] == "service_completed_successfully"
}
wrong = []
for name in sorted(services):
    containers = [c for c in found if c["Service"] == name]
    if not containers:
        wrong.append(f"{name}: there is no container")
    for c in containers:
        is_now = (c["State"], c["ExitCode"]) if name in jobs else (c["State"], c.get("Health"))
        if is_now != (("exited", 0) if name in jobs else ("running", "healthy")):
            wrong.append(f"{name}: {is_now[0]}, {is_now[1] if is_now[1] != '' else 'no health'}")
if wrong:
    sys.exit("; ".join(wrong))
print(f"{len(services) - len(jobs)} services healthy, {len(jobs)} jobs done")
PYTHON
}

processed() { grep -q "\"id\":$1,\"item\":\"green tea\",\"quantity\":3,\"processed\":true" <<<"$(curl -sS --max-time 5 "$url/orders")"; }

"$here/engines/docker-up.sh"
trap finish EXIT
trap 'exit 130' INT TERM

mapfile -t images < <(compose --profile '*' config --images | sort -u)
services=()
for image in "${images[@]}"; do
  case "$image" in
    ghcr.io/acme/*) docker image inspect "$image" >/dev/null 2>&1 || fail "$image is not here: run shop-images.sh" ;;
    *) services+=("$image") ;;
  esac
done
"$here/engines/docker-up.sh" "${services[@]}"

SECONDS=0
compose up --detach --wait --wait-timeout 180 --quiet-pull >"$state/up" 2>&1 || {
  fail "docker compose up: $(tail -n 1 "$state/up")"
}
summary=$(judge) || fail "not everything runs"
ok "up in ${SECONDS} s: $summary"

url=http://127.0.0.1:$(compose port api 8080 | sed 's/.*://')
report=$(curl -sS --max-time 5 --fail-with-body "$url/health") || fail "/health says: $report"
ok "$url/health: $report"

answer=$(curl -sS --max-time 10 --fail-with-body -H 'content-type: application/json' \
  -d '{"item":"green tea","quantity":3}' "$url/orders") || fail "an order was answered with: $answer"
id=$(sed -n 's/.*"id":\([0-9]*\).*/\1/p' <<<"$answer")
for _ in $(seq 50); do
  if processed "$id"; then break; fi
  sleep 0.2
done
processed "$id" || fail "order $id was not processed"
ok "an order was taken and processed"

if grep -qx report <<<"$(compose --profile '*' config --services)"; then
  total=$(compose run --rm --no-deps report 2>"$state/run") || fail "report failed: $(cat "$state/run")"
  [ "${total%$'\r'}" = 'green tea: 3 in 1 orders' ] || fail "report says: $total"
  ok "report: ${total%$'\r'}"
fi

# The same image with the environment that the kubelet would give it, in place of Compose's.
python3 "$here/pod-env.py" "$here/../examples/shop/deploy/k8s/ci/api/deployment.yaml" "$env_file" >"$state/pod.env"
pod=$(docker run --detach --rm --network "${project}_internal" --env-file "$state/pod.env" \
  "$(compose config --images | grep shop-api)")
at=http://$(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$pod"):8080
for _ in $(seq 50); do
  if curl -sS --max-time 5 --fail "$at/health" >"$state/pod" 2>&1; then break; fi
  sleep 0.2
done
report=$(curl -sS --max-time 5 --fail-with-body "$at/health" 2>&1) || {
  docker logs "$pod" >&2
  docker rm --force "$pod" >/dev/null
  fail "with a pod's environment: $report"
}
grep -q 'green tea' <<<"$(curl -sS --max-time 5 "$at/orders")" || report=
docker rm --force "$pod" >/dev/null
[ -n "$report" ] || fail "with a pod's environment the orders are not there"
ok "the same with a pod's environment: $report"
