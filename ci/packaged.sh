#!/bin/bash
# Runs what will be published: unpacks the packages of `cargo package --workspace`, builds the command
# from nothing but them, and renders the shop's manifest with the packs that are inside.
#
#   packaged.sh TARGET_DIR      after `cargo package --workspace` with this target folder
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

{
  echo '[workspace]'
  echo 'resolver = "3"'
  echo 'members = ["cargo-orch"]'
  echo '[patch.crates-io]'
} >"$folder/Cargo.toml"
for package in "$target"/package/*.crate; do
  versioned=$(basename "$package" .crate)
  name=${versioned%-[0-9]*}
  tar -xzf "$package" -C "$folder"
  mv "$folder/$versioned" "$folder/$name"
  [ "$name" = cargo-orch ] || echo "$name = { path = \"$name\" }" >>"$folder/Cargo.toml"
done

cp "$root/Cargo.lock" "$folder/"
CARGO_TARGET_DIR=$target cargo build --quiet --manifest-path "$folder/Cargo.toml" -p cargo-orch
orch=$target/debug/cargo-orch
"$orch" orch manifest --manifest-path "$root/examples/shop/Cargo.toml" >"$folder/manifest.json"
cd "$folder"
grep -q '^compose ' <<<"$("$orch" orch targets)"
"$orch" orch render --target compose --manifest manifest.json --config "$root/examples/shop/orch.toml" --out out
cmp out/compose.yaml "$root/examples/shop/deploy/compose/local/compose.yaml"
echo 'ok    the packaged command renders the shop'
