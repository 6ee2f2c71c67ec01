#!/bin/bash
# Builds the images of the shop's apps under the names that its artifacts use by default:
# {registry}/{system}-{app}:{version}.
#
#   shop-images.sh [--release] [FOLDER]      FOLDER is the shop's workspace (default examples/shop)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
profile=debug
build=(cargo build --locked --quiet)
if [ "${1:-}" = --release ]; then
  profile=release
  build+=(--release)
  shift
fi
cd "${1:-$here/../examples/shop}"
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT

"${build[@]}"

# The target folder, and a line for each app: its binary and its image.
{
  read -r target
  mapfile -t apps
} < <(cargo metadata --no-deps --locked --format-version 1 | python3 -c '
import json, sys, tomllib
metadata = json.load(sys.stdin)
system = tomllib.load(open("orch.toml", "rb"))["system"]
print(metadata["target_directory"])
for package in metadata["packages"]:
    for target in package["targets"]:
        if "bin" in target["kind"]:
            print(target["name"], "{registry}/{name}-".format(**system) + target["name"] + ":" + package["version"])
')

# shellcheck source=/dev/null
base=$(. /etc/os-release && echo "$ID:$VERSION_CODENAME")
cp "$here/images/app/Dockerfile" "$context/"
for app in "${apps[@]}"; do
  read -r binary image <<<"$app"
  strip -o "$context/app" "$target/$profile/$binary"
  if ! DOCKER_BUILDKIT=0 docker build --build-arg BASE="$base" -t "$image" "$context" >"$context/log" 2>&1; then
    tail -n 20 "$context/log" >&2
    exit 1
  fi
  echo "$image"
done
