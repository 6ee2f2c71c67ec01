#!/bin/bash
# Holds rendered folders for Kubernetes against their readers: the strict schemas of several minor
# versions, kustomize, a real API server's dry run, and, for production, a policy scanner.
#
#   kubernetes-accept.sh FOLDER...
set -euo pipefail

# Supported upstream, and two that many clusters still have.
minors=(1.31 1.33 1.35 1.36 1.37)

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
tools=$("$here/engines/tools.sh")
kubeconfig=$("$here/engines/apiserver-up.sh")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
refused=0

# judge WHAT READER COMMAND...
judge() {
  local what=$1 reader=$2
  shift 2
  if "$@" >"$work/output" 2>&1; then
    printf 'ok    %s: %s\n' "$what" "$reader"
  else
    printf 'FAIL  %s: %s\n' "$what" "$reader"
    grep -v '^INFO' "$work/output" | tail -n 60 | sed 's/^/      /'
    refused=1
  fi
}

# The files of a folder that hold objects of Kubernetes itself: no schema here knows other kinds.
objects() {
  find "$1" -name '*.yaml' ! -name kustomization.yaml -print0 |
    xargs -0 grep -L --null '^apiVersion: external-secrets.io/' | sort -z
}

# Kustomize wants the files that secrets are made of, which are never rendered.
# shellcheck disable=SC2329 # judge calls it
kustomize() {
  rm -rf "$work/kustomize"
  cp -r "$1" "$work/kustomize"
  sed -n 's/^ *- .*=\(secrets\/.*\)$/\1/p' "$1/kustomization.yaml" | while read -r secret; do
    mkdir -p "$work/kustomize/secrets"
    echo stand-in >"$work/kustomize/$secret"
  done
  kubectl kustomize "$work/kustomize" >"$work/kustomized.yaml"
  # All objects, and nothing but: a generated Secret is one more.
  local rendered generated
  rendered=$(find "$1" -name '*.yaml' ! -name kustomization.yaml | wc -l)
  generated=$(grep -c '^ *- name:' "$1/kustomization.yaml" || true)
  [ "$(grep -c '^kind:' "$work/kustomized.yaml")" = "$((rendered + generated))" ]
}

# The policy scanner: nothing fails but what an object opts out of by declaration, which is said.
# shellcheck disable=SC2329 # judge calls it
policies() {
  "$tools/checkov" --directory "$1" --framework kubernetes --skip-download --output json >"$work/policies.json" \
    2>"$work/policies.log" || [ -s "$work/policies.json" ] || { cat "$work/policies.log"; return 1; }
  "$tools/python" - "$1" "$work/policies.json" <<'PY'
import json, sys, yaml

folder, report = sys.argv[1:]
with open(report, encoding="utf-8") as file:
    report = json.load(file)
if report["summary"]["parsing_errors"] or not report["summary"]["passed"]:
    sys.exit(f"nothing was judged: {report['summary']}")

def declared(check, path):
    with open(folder + path, encoding="utf-8") as file:
        spec = yaml.safe_load(file).get("spec", {})
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    pod = spec.get("template", {}).get("spec", {})
    for container in pod.get("containers", []):
        if check == "CKV_K8S_25" and container["securityContext"]["capabilities"].get("add"):
            return "cap_add"
        if check in ("CKV_K8S_22", "CKV_K8S_23", "CKV_K8S_40") and "runAsNonRoot" not in pod["securityContext"]:
            return "restricted = false"

wrong = False
for failed in report["results"]["failed_checks"]:
    check, path = failed["check_id"], failed["file_path"]
    reason = declared(check, path)
    wrong |= reason is None
    print(f"{check} {path}: " + (f"declared with {reason}" if reason else failed["check_name"]))
sys.exit(wrong)
PY
}

# Kubernetes 1.20 does not have every kind and field; the schemas judge those.
for_server() {
  "$tools/python" - "$@" <<'PY'
import sys, yaml

GROUPS = {"policy/v1", "autoscaling/v2"}
def old(document):
    kind, version = document["kind"], document["apiVersion"]
    if version in GROUPS or (kind, version) == ("CronJob", "batch/v1"):
        return None
    spec = document.get("spec", {})
    spec.pop("persistentVolumeClaimRetentionPolicy", None)
    for container in spec.get("template", {}).get("spec", {}).get("containers", []):
        if "sleep" in container.get("lifecycle", {}).get("preStop", {}):
            del container["lifecycle"]
    return document

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        document = old(yaml.safe_load(file))
    if document:
        print("---")
        yaml.safe_dump(document, sys.stdout, allow_unicode=True)
PY
}

# server FLAG...: the dry run of the objects at hand.
# shellcheck disable=SC2329 # judge calls it
server() {
  kubectl --kubeconfig "$kubeconfig" apply --dry-run=server "$@" -f "$work/objects.yaml"
}

mapfile -d '' -t files < <(for folder in "$@"; do objects "$folder"; done)
for minor in "${minors[@]}"; do
  judge "${#files[@]} objects of $# folders" "schema $minor" "$tools/kubernetes-validate" --strict -k "$minor" "${files[@]}"
done
for folder in "$@"; do
  mapfile -d '' -t files < <(objects "$folder")
  judge "$folder" kustomize kustomize "$folder"
  if grep -q -- '--profile prod`' "$folder/kustomization.yaml"; then
    judge "$folder" checkov policies "$folder"
    grep -s ': declared with ' "$work/output" | sed 's/^/      /' || true
  fi
  for_server "${files[@]}" >"$work/objects.yaml"
  # A dry run in a namespace needs the namespace.
  grep -hE '^  namespace: ' "${files[@]}" | sort -u | while read -r _ namespace; do
    kubectl --kubeconfig "$kubeconfig" create namespace "$namespace" >/dev/null 2>&1 || true
  done
  judge "$folder" 'API server, apply' server
  judge "$folder" 'API server, apply --server-side' server --server-side
done
exit "$refused"
