#!/bin/bash
# Runs the shop on a real engine with its data in folders of the host, and looks whom they belong to.
#
#   shop-data.sh COMMAND      COMMAND: the command cargo-orch
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,4s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
command=$(realpath "$1")
shop=$here/../examples/shop
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT

"$command" orch manifest --no-compile --manifest-path "$shop/Cargo.toml" -o "$state/manifest.json"
{
  cat "$shop/orch.toml"
  printf '\n[profiles.ci]\ndata = "bind"\n'
} >"$state/orch.toml"
"$command" orch render --target compose --profile ci --manifest "$state/manifest.json" --config "$state/orch.toml" \
  --out "$state/deploy/compose/ci" 2>"$state/talk" || {
  cat "$state/talk" >&2
  exit 1
}
"$here/shop-compose.sh" "$state/deploy/compose/ci/compose.yaml"
for folder in postgres/data rabbitmq/data; do
  owner=$(stat --format %u:%g "$state/.orch/data/$folder")
  [ "$owner" = 999:999 ] || {
    printf 'FAIL  .orch/data/%s belongs to %s\n' "$folder" "$owner" >&2
    exit 1
  }
done
echo "ok    the data is in .orch/data, and belongs to the images' users"
