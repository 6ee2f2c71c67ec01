#!/bin/bash
# Starts a real Kubernetes API server (1.20.2) with etcd on 127.0.0.1 and prints the path of a
# kubeconfig for it. Nothing runs in it: it judges objects. One that answers already is used as it is.
#
#   apiserver-up.sh [FOLDER]      FOLDER: default /var/tmp/orch-apiserver, where it is built if need be
#
# Stop it with: kill $(cat FOLDER/run/*.pid)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$("$here/apiserver-build.sh" "${1:-/var/tmp/orch-apiserver}")
run=$folder/run
config=$run/kubeconfig

exec 9>"$folder/lock"
flock 9

answers() { kubectl --kubeconfig "$config" get --raw /readyz >/dev/null 2>&1; }
if answers; then echo "$config"; exit 0; fi

if ! command -v etcd >/dev/null; then
  "$here/debian.sh" etcd-server
fi
# Of a server that was stopped: its process may be gone and its port with it.
for pid in "$run"/*.pid; do
  if [ -e "$pid" ]; then kill "$(cat "$pid")" 2>/dev/null || true; fi
done
rm -rf "$run"
mkdir -p "$run/pki"

openssl genrsa -out "$run/pki/accounts.key" 2048 2>/dev/null
openssl rsa -in "$run/pki/accounts.key" -pubout -out "$run/pki/accounts.pub" 2>/dev/null
token=$(openssl rand -hex 16)
echo "$token,admin,admin,system:masters" >"$run/pki/tokens.csv"
cat >"$config" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: local, cluster: {server: "https://127.0.0.1:16443", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: "$token"}}]
contexts: [{name: local, context: {cluster: local, user: admin}}]
current-context: local
YAML

# start NAME COMMAND...; the lock on descriptor 9 must not live on in it.
start() {
  local name=$1
  shift
  setsid nohup "$@" >"$run/$name.log" 2>&1 9>&- &
  echo $! >"$run/$name.pid"
}
start etcd etcd --data-dir "$run/etcd" \
  --listen-client-urls http://127.0.0.1:12379 --advertise-client-urls http://127.0.0.1:12379 \
  --listen-peer-urls http://127.0.0.1:12380
start apiserver "$folder/kube-apiserver" --etcd-servers=http://127.0.0.1:12379 \
  --cert-dir="$run/pki" --secure-port=16443 --bind-address=127.0.0.1 \
  --token-auth-file="$run/pki/tokens.csv" --authorization-mode=RBAC --service-cluster-ip-range=10.96.0.0/16 \
  --service-account-key-file="$run/pki/accounts.pub" --service-account-signing-key-file="$run/pki/accounts.key" \
  --service-account-issuer=https://kubernetes.default.svc.cluster.local

for _ in $(seq 300); do
  if answers; then echo "$config"; exit 0; fi
  sleep 0.2
done
tail -n 20 "$run"/*.log >&2
exit 1
