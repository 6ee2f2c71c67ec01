#!/bin/bash
# Renders the systems of the tests for Kubernetes in every profile, and one system with every option,
# and holds all of it against its readers.
#
#   kubernetes-systems.sh CARGO_ORCH      CARGO_ORCH: the binary
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tests=$here/../manifest-gen/tests
orch=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# render MANIFEST CONFIGURATION PROFILE NAME
render() {
  local log=$work/log
  if ! "$orch" orch render --target k8s --manifest "$1" --config "$2" --profile "$3" --out "$work/out/$4" 2>"$log"; then
    cat "$log" >&2
    exit 1
  fi
}

for manifest in "$tests"/systems/*.json; do
  for profile in local ci staging prod; do
    render "$manifest" "${manifest%.json}.toml" "$profile" "$(basename "$manifest" .json)-$profile"
  done
done
for options in reference generator external-secret; do
  render "$tests/kubernetes/everything.json" "$tests/kubernetes/$options.toml" prod "everything-$options"
done
"$here/kubernetes-accept.sh" "$work"/out/*
