#!/bin/bash
# Holds rendered Dockerfiles against a linter and a policy scanner, and compiles a program inside one: it
# runs, and when its sources have changed the layer with its dependencies is used again.
#
#   dockerfile-accept.sh COMMAND      COMMAND: the command cargo-orch
#
# Inside there may be no network: the image in which it is compiled has this machine's toolchain, and the
# workspace has its dependencies in it, as `cargo vendor` puts them.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
command=$(realpath "$1")
tools=$("$here/engines/tools.sh")
state=$(mktemp -d)
builder=orch-acceptance-builder-$$:1
image=orch-acceptance-app:$$

ok() { printf 'ok    %s\n' "$*"; }
fail() {
  printf 'FAIL  %s\n' "$*" >&2
  exit 1
}
finish() {
  local status=$?
  trap - EXIT
  docker image rm --force "$image" "$builder" >/dev/null 2>&1 || true
  rm -rf "$state"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

"$here/engines/docker-up.sh" debian:bookworm-slim

# Both forms of every application of the shop.
for form in source slim; do
  printf '[build]\nform = "%s"\n' "$form" >"$state/orch.toml"
  "$command" orch render --target dockerfile --manifest "$here/../manifest-gen/tests/systems/shop.json" \
    --config "$state/orch.toml" --out "$state/$form" 2>/dev/null
  "$tools/hadolint" --failure-threshold warning --ignore DL3059 "$state/$form"/*/Dockerfile || fail "hadolint, $form"
done
"$tools/checkov" --skip-download --framework dockerfile --directory "$state" --compact --quiet || fail checkov
ok "hadolint and checkov accept $(find "$state" -name Dockerfile | wc -l) Dockerfiles"

# This machine's toolchain on the same Debian, with a linker.
toolchain=$(rustc --print sysroot)
mkdir "$state/builder"
tar -C "$toolchain" --exclude=lib/rustlib/src --exclude='*/libexec' -cf "$state/builder/toolchain.tar" \
  bin/cargo bin/rustc lib
cat >"$state/builder/Dockerfile" <<'DOCKERFILE'
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
ADD toolchain.tar /usr/local
DOCKERFILE
DOCKER_BUILDKIT=0 docker build --quiet --tag "$builder" "$state/builder" >/dev/null 2>"$state/log" || fail "$(cat "$state/log")"
rm -r "$state/builder"

# The app, the crates of ours that it needs, and the crates of others.
app=$state/app
mkdir -p "$app/app/src" "$app/.cargo"
cp -r "$here/../runtime" "$here/../macros" "$here/../manifest" "$here/../rustfmt.toml" "$app/"
sed 's/^members = .*/members = ["app", "macros", "macros\/attributes", "manifest", "runtime"]/; /^exclude/d' \
  "$here/../Cargo.toml" >"$app/Cargo.toml"
cp "$here/../Cargo.lock" "$app/"
printf '[system]\nname = "orch-acceptance"\n[build]\nbuilder = "%s"\n' "$builder" >"$app/orch.toml"
cat >"$app/app/Cargo.toml" <<'TOML'
[package]
name = "app"
version = "0.1.0"
edition = "2024"

[dependencies]
orch = { package = "orch-runtime", path = "../runtime" }
TOML
say() { printf '#[orch::app(kind = "job")]\nfn main() {\n    println!("%s");\n}\n' "$1" >"$app/app/src/main.rs"; }
say first
(cd "$app" && cargo vendor 2>/dev/null >.cargo/config.toml)

build() {
  (cd "$app" && DOCKER_BUILDKIT=0 "$command" orch build --tag $$ --target-dir "$state/target") >"$state/names" 2>"$state/log" ||
    fail "build: $(tail -n 40 "$state/log")"
  [ "$(cat "$state/names")" = "$image" ] || fail "the image is $(cat "$state/names")"
}
# The id of the layer with the dependencies, by the rendered Dockerfile and a plain `docker build`.
dependencies() {
  "$command" orch render --manifest-path "$app/Cargo.toml" --no-compile --target dockerfile --out "$state/plain" >/dev/null 2>&1
  cp "$state/plain/app/Dockerfile.dockerignore" "$app/.dockerignore"
  DOCKER_BUILDKIT=0 docker build --quiet --target dependencies --file "$state/plain/app/Dockerfile" "$app" 2>/dev/null
}
SECONDS=0
build
first=$SECONDS
[ "$(docker run --rm "$image")" = first ] || fail "the program does not run"
[ "$(docker run --rm --entrypoint id "$image" -u)" = 10001 ] || fail "the program runs as somebody else"
before=$(dependencies)
say second
SECONDS=0
build
[ "$(docker run --rm "$image")" = second ] || fail "the change is not in the image"
again=$SECONDS
[ -n "$before" ] && [ "$(dependencies)" = "$before" ] || fail "the layer with the dependencies was made anew"
ok "compiled inside in $first s, after a change in $again s with the same dependencies"
