#!/bin/bash
# Deploys a small system to a real swarm with `cargo orch`, forward and back, and looks after it.
#
#   swarm-deploy.sh COMMAND      COMMAND: the command cargo-orch
#
# A swarm is made for the test and left again, with everything that was in it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
command=$(realpath "$1")
state=$(mktemp -d)
system=orch-swarm-$$
stack=$system-local
image=debian:bookworm

ok() { printf 'ok    %s\n' "$*"; }
fail() {
  printf 'FAIL  %s\n' "$*" >&2
  cat "$state/talk" "$state/data" >&2 || true
  exit 1
}
# ends CODE WORDS ARGUMENT...: the command has to end with a code, and to say something.
ends() {
  local code=$1 says=$2 status=0
  shift 2
  (cd "$state" && "$command" orch "$@" --manifest manifest.json) >"$state/data" 2>"$state/talk" || status=$?
  [ "$status" = "$code" ] || fail "cargo orch $* ended with $status, not with $code"
  grep -q -- "$says" "$state/talk" "$state/data" || fail "cargo orch $* does not say: $says"
}
silent() { ! grep -qF "$(cat "$state/.orch/secrets/token")" "$state/talk" "$state/data" || fail 'a secret is printed'; }
manifest() { python3 "$here/cluster/manifest.py" "$system" "$image" "$@" >"$state/manifest.json"; }

finish() {
  local status=$?
  trap - EXIT
  docker stack rm "$stack" >/dev/null 2>&1 || true
  docker swarm leave --force >/dev/null 2>&1 || true
  docker ps --all --quiet --filter "label=com.docker.stack.namespace=$stack" | xargs -r docker rm --force >/dev/null || true
  docker volume ls --quiet --filter "name=^${stack}_" | xargs -r docker volume rm >/dev/null || true
  rm -rf "$state"
  exit "$status"
}

"$here/engines/docker-up.sh"
[ "$(docker info --format '{{.Swarm.LocalNodeState}}')" = inactive ] || fail 'the engine is in a swarm, which this test would leave'
trap finish EXIT
trap 'exit 130' INT TERM
manifest
ends 3 'docker swarm init' deploy --target swarm
ends 0 'was not looked at' deploy --target swarm --dry-run
ok 'without a swarm it says how to make one'
docker swarm init --advertise-addr 127.0.0.1 >/dev/null

ends 1 "secret ${system}_token for store, a node with the label $system.store=true" deploy --target swarm --profile prod
[ -z "$(docker service ls --quiet)" ] || fail 'something was deployed without its secret'
ok 'what is missing is named before anything is deployed'

ends 0 'docker stack deploy' up --target swarm --dry-run
[ -z "$(docker service ls --quiet)$(docker secret ls --quiet)" ] || fail 'a dry run changes the swarm'
SECONDS=0
ends 0 'worker is there' up --target swarm
silent
[ "$(grep ' is there' "$state/talk" | cut -d' ' -f1 | xargs)" = 'store migrate worker' ] || fail 'the job was not waited for'
ends 0 healthy status --target swarm
ok "up --target swarm: there after $SECONDS s, in order"

ends 0 "the store has $(wc -c <"$state/.orch/secrets/token") letters" logs --target swarm store --since 10m --grep letters
silent
status=0
(cd "$state" && "$command" orch exec --target swarm store --manifest manifest.json -- sh -c 'echo in the store; exit 7') \
  >"$state/data" 2>"$state/talk" || status=$?
[ "$status" = 7 ] || fail "exec ended with $status"
grep -q 'in the store' "$state/data" || fail 'exec runs no command'
ok 'logs and exec'

docker kill "$(docker ps --quiet --filter "label=com.docker.swarm.service.name=${stack}_worker")" >/dev/null
ends 1 'worker' status --target swarm
ends 0 'running' status --target swarm --wait-healthy --timeout 60s
ends 0 'restarted worker' restart --target swarm worker
ends 0 'running' status --target swarm --wait-healthy --timeout 60s
ok 'what was killed is named, and comes again'

manifest "$image" 'echo the second worker; exec sleep 600'
SECONDS=0
ends 0 'worker is there' deploy --target swarm
ends 0 'the second worker' logs --target swarm worker
ok "an update rolled forward in $SECONDS s"

manifest "$image" 'echo the third worker fails; exit 4'
SECONDS=0
# A fast swarm has gone back before it is looked at again.
ends 1 'worker. \(does not stay up and is\|did not stay up and was\) rolled back: ' deploy --target swarm
grep -q 'the third worker fails' "$state/talk" || fail 'the log of what failed is not shown'
grep -q 'the cluster \(rolls\|has rolled\) .worker. back by itself' "$state/talk" || fail 'it does not say what was rolled back'
docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Args}}' "${stack}_worker" | grep -q second ||
  fail 'the worker is not what it was before'
ends 0 'running' status --target swarm --wait-healthy --timeout 60s
ok "an update that fails was rolled back in $SECONDS s, with its log"

manifest
docker service create --quiet --detach --name "${stack}_gone" --label "com.docker.stack.namespace=$stack" "$image" sleep 600 >/dev/null
ends 0 "${stack}_gone. is there and not planned" deploy --target swarm
ends 0 "removed .${stack}_gone" deploy --target swarm --prune
[ "$(docker service ls --format '{{.Name}}' | grep -c _gone)" = 0 ] || fail 'what is not planned was not removed'
ok 'what is there and not planned is said, and removed with --prune'

ends 0 'its data stays' down --target swarm
[ -z "$(docker service ls --quiet)" ] || fail 'a service is left'
docker volume inspect "${stack}_store_data" >/dev/null || fail 'the data is gone'
ends 2 'add .--yes.' down --target swarm --volumes
ends 0 'with its data' down --target swarm --volumes --yes
! docker volume inspect "${stack}_store_data" >/dev/null 2>&1 || fail 'the data is left'
ok 'down leaves the data, down --volumes --yes does not'
