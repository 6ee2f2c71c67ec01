#!/bin/bash
# Deploys a small system with `cargo orch` to a real Kubernetes API server, forward and back.
#
#   kubernetes-deploy.sh COMMAND      COMMAND: the command cargo-orch
#
# No container runs: engines/controllers.py stands in for the controllers and kubelets. What is judged is what
# kubectl is told, in which order, and what is made of what the API says. The server is 1.20, so the test leaves
# out what that does not know.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
command=$(realpath "$1")
state=$(mktemp -d)
system=orch-k8s-$$
namespace=$system-local

ok() { printf 'ok    %s\n' "$*"; }
fail() {
  printf 'FAIL  %s\n' "$*" >&2
  cat "$state/talk" "$state/data" "$state/controllers" >&2 || true
  exit 1
}
# ends CODE WORDS ARGUMENT...: the command has to end with a code, and to say something.
ends() {
  local code=$1 says=$2 status=0 templates=()
  shift 2
  case "$1" in up | deploy) templates=(--templates templates) ;; esac
  (cd "$state" && "$command" orch "$@" --target k8s --manifest manifest.json "${templates[@]}") \
    >"$state/data" 2>"$state/talk" || status=$?
  [ "$status" = "$code" ] || fail "cargo orch $* ended with $status, not with $code"
  [ -z "$says" ] || grep -q -- "$says" "$state/talk" "$state/data" || fail "cargo orch $* does not say: $says"
}
manifest() { python3 "$here/cluster/manifest.py" "$system" example.org/x:1 "$@" >"$state/manifest.json"; }
image() { kubectl --namespace "$namespace" get deployment worker --output 'jsonpath={.spec.template.spec.containers[0].image}'; }
objects() { kubectl --namespace "$namespace" get deployments,statefulsets,jobs,services --output name; }
silent() { ! grep -qF "$(cat "$state/.orch/secrets/token")" "$state/talk" "$state/data" || fail 'a secret is printed'; }

finish() {
  local status=$?
  trap - EXIT
  kill "$controllers" 2>/dev/null || true
  for name in "$namespace" "$system-prod"; do
    kubectl delete deployments,statefulsets,jobs,services,pods,persistentvolumeclaims,secrets --all --namespace "$name" \
      --force --grace-period=0 --wait=false >/dev/null 2>&1 || true
  done
  rm -rf "$state"
  exit "$status"
}

KUBECONFIG=$("$here/engines/apiserver-up.sh")
export KUBECONFIG
python3 "$here/engines/controllers.py" "$KUBECONFIG" >"$state/controllers" 2>&1 &
controllers=$!
trap finish EXIT
trap 'exit 130' INT TERM

mkdir -p "$state/templates/k8s"
sed '/persistentVolumeClaimRetentionPolicy:/,/whenScaled:/d' "$here/../templates/packs/k8s/stateful-set.yaml.j2" \
  >"$state/templates/k8s/stateful-set.yaml.j2"
manifest

sed 's/127.0.0.1:[0-9]*/127.0.0.1:1/' "$KUBECONFIG" >"$state/nobody"
KUBECONFIG=$state/nobody ends 3 'see whether' deploy
KUBECONFIG=$state/nobody ends 0 'was not looked at' deploy --dry-run
ok 'without a cluster it says so, and a dry run needs none'

ends 1 "lacks the namespace $system-prod, the key value of the Secret token for store" deploy --profile prod
kubectl create namespace "$system-prod" >/dev/null
ends 1 "lacks the key value of the Secret token for store" deploy --profile prod
[ -z "$(kubectl --namespace "$system-prod" get deployments,statefulsets,jobs,services --output name)" ] || fail 'something was applied'
ok 'what is missing is named before anything is applied'

ends 0 'kubectl apply --server-side' up --dry-run
grep -n 'apply\|rollout status\|wait --for' "$state/data" | sed 's/--filename.*//' >"$state/order"
[ "$(grep -c apply "$state/order")" = 3 ] || fail 'there are not three steps'
[ -z "$(kubectl get namespace "$namespace" --ignore-not-found)" ] || fail 'a dry run changes the cluster'
ends 0 'worker is there' up
silent
[ "$(grep ' is there (' "$state/talk" | cut -d' ' -f1 | xargs)" = 'store migrate worker' ] || fail 'the job was not waited for'
! grep -q 'not planned' "$state/talk" || fail 'what is planned is taken for something else'
ends 0 running status
kubectl --namespace "$namespace" get deployment worker --show-managed-fields --output yaml | grep -q 'manager: orch' || fail 'orch manages no field'
ends 0 '' deploy --diff
[ ! -s "$state/data" ] || fail 'what was deployed just now differs from itself'
ok 'namespace, secret, store, job, worker: applied in order, and all of it is there'

manifest example.org/x:2
ends 1 'example.org/x:2' deploy --diff
[ "$(image)" = example.org/x:1 ] || fail 'a difference was applied'
ends 0 'worker is there' deploy
[ "$(image)" = example.org/x:2 ] || fail 'the update is not there'
ok 'a difference is shown, and an update rolls forward'

manifest example.org/x:absent
ends 1 'worker. ImagePullBackOff' deploy
grep -q 'rolled .worker. back with .kubectl .*rollout undo deployment/worker' "$state/talk" || fail 'it does not say what was rolled back'
[ "$(image)" = example.org/x:2 ] || fail 'the worker is not what it was before'
manifest example.org/x:crashing
ends 1 'worker. does not stay up' deploy
[ "$(image)" = example.org/x:2 ] || fail 'the worker is not what it was before'
ends 0 running status --wait-healthy --timeout 30s
# What was rolled back is no obstacle for what comes next.
manifest example.org/x:3
ends 0 'worker is there' deploy
ok 'an image that is absent and a crash loop are rolled back at once, with the reason'

manifest --store example.org/x:crashing example.org/x:3
ends 1 'store. does not stay up' deploy
grep -q 'rolled .store. back with .kubectl .*rollout undo statefulset/store' "$state/talk" || fail 'it does not say what was rolled back'
store() { kubectl --namespace "$namespace" get statefulset store --output 'jsonpath={.spec.template.spec.containers[0].image}'; }
[ "$(store)" = example.org/x:1 ] || fail 'the store is not what it was before'
ends 0 running status --wait-healthy --timeout 30s
ok 'a set that fails is rolled back as well'

runs() { kubectl --namespace "$namespace" get jobs --output name | grep -- -run- || true; }
manifest example.org/x:3
ends 0 '' run-job migrate
[ -z "$(runs)" ] || fail 'a run is left'
manifest --job 'echo another' example.org/x:3
ends 1 'migrate. is deployed as the Job .migrate-[0-9a-f]*., and .migrate-[0-9a-f]*. is planned' run-job migrate
[ -z "$(runs)" ] || fail 'another version was run'
manifest example.org/x:3
ends 0 running status
ok 'run-job runs the job that is deployed, once, beside it'

sed 's/"image": "example.org\/x:1", "command": \["sh", "-c", "echo migrated"\]/"image": "example.org\/x:failing", "command": ["sh", "-c", "echo migrated"]/' \
  "$state/manifest.json" >"$state/failing.json"
mv "$state/failing.json" "$state/manifest.json"
ends 1 'migrate. failed: Job has reached the specified backoff limit' deploy
[ "$(image)" = example.org/x:3 ] || fail 'the worker was deployed without its job'
ends 3 '' run-job migrate
ok 'what comes after a job that failed is not deployed'

manifest example.org/x:3
kubectl --namespace "$namespace" create service clusterip gone --tcp=80 >/dev/null
kubectl --namespace "$namespace" label service gone "app.kubernetes.io/instance=$system" app.kubernetes.io/managed-by=orch >/dev/null
ends 0 'service/gone. is there and not planned' deploy
ends 0 'removed .service/gone' deploy --prune
! objects | grep -q gone || fail 'what is not planned was not removed'
ok 'what is there and not planned is said, and removed with --prune'

ends 0 'is gone; its data stays' down
[ -z "$(objects)" ] || fail "these are left: $(objects | xargs)"
kubectl --namespace "$namespace" get secret token >/dev/null || fail 'the secret is gone'
ends 0 'with its data' down --volumes --yes
ends 1 'worker has no container' status
ok 'down removes what was applied, and leaves the namespace and the secrets'
