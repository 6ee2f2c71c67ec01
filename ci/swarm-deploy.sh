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
built=orch-swarm-built-$$

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
# run ARGUMENT... -- COMMAND...: the same with what is behind `--`, whatever it ends with.
run() {
  local own=()
  while [ "$1" != -- ]; do own+=("$1"); shift; done
  (cd "$state" && "$command" orch "${own[@]}" --manifest manifest.json "$@") >"$state/data" 2>"$state/talk"
}
# eventually WHAT SECONDS COMMAND...: the command has to succeed within a time.
eventually() {
  local what=$1 end=$((SECONDS + $2))
  shift 2
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || fail "$what"
    sleep 0.3
  done
}
silent() { ! grep -qF "$(cat "$state/.orch/secrets/token")" "$state/talk" "$state/data" || fail 'a secret is printed'; }
report='echo reports; echo beside it >&2; sleep 1; echo reported; exit 7'
manifest() {
  python3 "$here/cluster/manifest.py" --redis redis:7 --report "$report" "$system" "$image" "$@" >"$state/manifest.json"
}

finish() {
  local status=$?
  trap - EXIT
  docker stack rm "$stack" "$built-local" >/dev/null 2>&1 || true
  docker swarm leave --force >/dev/null 2>&1 || true
  for name in "$stack" "$built-local"; do
    docker ps --all --quiet --filter "label=com.docker.stack.namespace=$name" | xargs -r docker rm --force >/dev/null || true
  done
  docker image ls --quiet "$built-api" | xargs -r docker rmi --force >/dev/null || true
  docker volume ls --quiet --filter "name=^${stack}_" | xargs -r docker volume rm >/dev/null || true
  rm -rf "$state"
  exit "$status"
}

"$here/engines/docker-up.sh" debian:bookworm redis:7
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

ends 1 'migrate. is not deployed in' run-job --target swarm migrate
ends 0 'docker stack deploy' up --target swarm --dry-run
[ -z "$(docker service ls --quiet)$(docker secret ls --quiet)" ] || fail 'a dry run changes the swarm'
SECONDS=0
ends 0 'worker is there' up --target swarm
silent
[ "$(grep ' is there' "$state/talk" | cut -d' ' -f1 | grep -v redis | xargs)" = 'store migrate worker' ] || fail 'the job was not waited for'
ends 0 healthy status --target swarm
ok "up --target swarm: there after $SECONDS s, in order"

ends 0 "the store has $(wc -c <"$state/.orch/secrets/token") letters" logs --target swarm store --since 10m --grep letters
silent
status=0
run exec --target swarm store -- sh -c 'echo in the store; exit 7' || status=$?
[ "$status" = 7 ] || fail "exec ended with $status"
grep -q 'in the store' "$state/data" || fail 'exec runs no command'
# shellcheck disable=SC2016  # the container's shell knows them
run exec --target swarm store -- sh -c 'echo "${#TOKEN} letters"' || fail 'exec runs no command'
grep -q "^$(wc -c <"$state/.orch/secrets/token") letters" "$state/data" || fail 'a command of exec lacks the secret'
ok 'logs and exec'

no_run() {
  ! docker service ls --format '{{.Name}}' | grep -q -- -run- || return 1
  ! docker ps --all --format '{{.Names}}' | grep -q "$stack.*-run-"
}
ends 0 migrated run-job --target swarm migrate
[ "$(cat "$state/data")" = migrated ] || fail 'a job is shown with something else'
ends 7 'beside it' run-job --target swarm report
[ "$(xargs <"$state/data")" = 'reports reported' ] || fail 'not all of a job is shown'
eventually 'a run is left' 30 no_run
ends 2 'there is no job .worker' run-job --target swarm worker
sed 's/debian:bookworm/debian:other/' "$state/manifest.json" >"$state/other.json"
mv "$state/other.json" "$state/manifest.json"
ends 1 'migrate. is deployed with the image .debian:bookworm., and .debian:other. is planned' run-job --target swarm migrate
report='echo begins; exec sleep 600' manifest
(cd "$state" && exec "$command" orch run-job --target swarm report --manifest manifest.json) >"$state/data" 2>"$state/talk" &
job=$!
eventually 'a job shows nothing while it runs' 60 grep -q begins "$state/data"
kill -INT "$job"
status=0
wait "$job" || status=$?
[ "$status" = 130 ] || fail "a job that is left ends with $status"
left=$(grep -o "docker service rm [^\`]*" "$state/talk") || fail 'it does not say how what still runs is ended'
[ "$(docker ps --quiet --filter "label=com.docker.swarm.service.name=${left##* }" | wc -l)" = 1 ] || fail 'Ctrl-C ended the job'
$left >/dev/null
left=$(grep -o "docker container rm [^\`]*" "$state/talk") || fail 'it does not say how its container is removed'
# The swarm may have removed it by then.
$left >/dev/null 2>&1 || true
eventually 'what still ran is not removed' 30 no_run
manifest
ok 'run-job runs a job and what is on a schedule, once, and ends as they do'

redis() { run exec --target swarm redis -- redis-cli -e "$@" && cat "$state/data"; }
[ "$(redis set kept yes)" = OK ] || fail 'the client of Redis has no password'
ends 0 'bytes of .redis. are in' backup --target swarm redis --output kept.rdb
[ "$(redis flushall)" = OK ] || fail 'Redis cannot be wiped'
ends 2 'add .--yes.' restore --target swarm redis kept.rdb
ends 0 'redis. has the data of .kept.rdb' restore --target swarm redis kept.rdb --yes
[ "$(redis get kept)" = yes ] || fail 'the data is not back'
echo noise >"$state/noise.rdb"
ends 1 'could not be restored' restore --target swarm redis noise.rdb --yes
[ "$(redis get kept)" = yes ] || fail 'a file that is no backup changed the data'
redis config set requirepass another >/dev/null
ends 1 'redis. could not be backed up, and no file was written' backup --target swarm redis --output none.rdb
[ -z "$(find "$state" -maxdepth 1 -name 'none.rdb*' -o -maxdepth 1 -name '*.tmp')" ] || fail 'a backup that failed leaves a file'
# shellcheck disable=SC2016  # the container's shell knows them
run exec --target swarm redis -- sh -c 'REDISCLI_AUTH=another redis-cli -e config set requirepass "$(cat /run/secrets/redis-password)"'
ends 2 'it is not known how' backup --target swarm store
ok 'backup, wipe, restore: the data is back; a backup that fails leaves no file'

(cd "$state" && exec "$command" orch port-forward --target swarm redis 0:6379 --manifest manifest.json) >"$state/data" 2>"$state/talk" &
forward=$!
eventually 'port-forward does not begin' 30 grep -q 'leads to 6379' "$state/data"
answers() {
  local port line
  port=$(sed -n 's/127.0.0.1:\([0-9]*\) leads.*/\1/p' "$state/data")
  exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
  printf 'PING\r\n' >&3
  read -r -t 5 line <&3 || line=
  exec 3>&-
  case $line in -NOAUTH*) ;; *) return 1 ;; esac
}
eventually 'nobody answers behind port-forward' 30 answers
kill -INT "$forward"
status=0
wait "$forward" || status=$?
[ "$status" = 130 ] || fail "port-forward ends with $status"
ends 1 "docker service update --publish-add published=81,target=81,mode=host .* ${stack}_store" port-forward --target swarm store 81
ok 'port-forward leads to a service of this node, and says what to do where none does'

docker kill "$(docker ps --quiet --filter "label=com.docker.swarm.service.name=${stack}_worker")" >/dev/null
# What has failed stays known, however fast the swarm has started it again.
failed_once() { run status --target swarm --json -- || true; grep -A12 '"id": "worker"' "$state/data" | grep -q '"restarts": 1'; }
eventually 'that the worker was killed is not seen' 60 failed_once
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

mkdir -p "$state/shop/crates/api/src"
cp "$here/../Cargo.lock" "$state/shop/"
printf '[workspace]\nresolver = "3"\nmembers = ["crates/*"]\n' >"$state/shop/Cargo.toml"
printf '[system]\nname = "%s"\n[build]\nform = "slim"\nbase = "%s"\n' "$built" "$image" >"$state/shop/orch.toml"
printf '[package]\nname = "api"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\norch = { package = "orch-runtime", path = "%s" }\n' \
  "$(realpath "$here/../runtime")" >"$state/shop/crates/api/Cargo.toml"
# application TEXT: a worker that prints it.
application() {
  printf '#[orch::app(id = "api", kind = "worker")]\nfn main() {\n    println!("%s");\n    std::thread::sleep(std::time::Duration::from_secs(600));\n}\n' \
    "$1" >"$state/shop/crates/api/src/main.rs"
}
# builds CODE WORDS ARGUMENT...: as `ends`, on that workspace.
builds() {
  local code=$1 says=$2 status=0
  shift 2
  (cd "$state/shop" && CARGO_TARGET_DIR=$target "$command" orch "$@" --target swarm) >"$state/data" 2>"$state/talk" || status=$?
  [ "$status" = "$code" ] || fail "cargo orch $* ended with $status, not with $code"
  grep -q -- "$says" "$state/talk" "$state/data" || fail "cargo orch $* does not say: $says"
}
target=$(realpath -m "${CARGO_TARGET_DIR:-$here/../target}")/swarm-deploy
application 'the first build'
builds 0 '^cargo orch build --profile local --engine docker --cargo-profile dev$' up --dry-run --cargo-profile dev
builds 0 "built .$built-api:0.1.0. for .api" up --cargo-profile dev
builds 0 'the first build' logs api
builds 0 'api' up --cargo-profile dev
! grep -q built "$state/talk" || fail 'an image that is there is built'
application 'the second build'
builds 0 "built .$built-api:0.1.0. for .api" up --build --cargo-profile dev
eventually 'what was built anew does not run' 60 builds 0 'the second build' logs api
builds 0 'is gone' down --volumes --yes
ok 'the images of a swarm of one node are built, and what was built anew is started'

# A job that runs is stopped as well.
report='echo begins; exec sleep 600' manifest
(cd "$state" && exec "$command" orch run-job --target swarm report --manifest manifest.json) >"$state/job" 2>&1 &
job=$!
eventually 'a job shows nothing while it runs' 60 grep -q begins "$state/job"
kill -INT "$job"
wait "$job" || true
ends 0 'its data stays' down --target swarm
[ -z "$(docker service ls --quiet)" ] || fail 'a service is left'
docker volume inspect "${stack}_store_data" >/dev/null || fail 'the data is gone'
ends 2 'add .--yes.' down --target swarm --volumes
ends 0 'with its data' down --target swarm --volumes --yes
! docker volume inspect "${stack}_store_data" >/dev/null 2>&1 || fail 'the data is left'
ok 'down leaves the data, down --volumes --yes does not'
