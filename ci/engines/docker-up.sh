#!/bin/bash
# Makes `docker` and `docker compose` work, and has the given images at hand.
#
#   docker-up.sh [--state DIR] [IMAGE...]
#
# An engine that answers already is used as it is, and it pulls what is missing. On a bare Debian 12
# without one, an engine is installed from Debian's archive and started with its data in DIR
# (default /var/tmp/orch-docker); since such a machine may reach no registry, the images are then
# built from ci/images, whatever their tag says with Debian's own version in them.
# Stop the engine with: kill "$(cat DIR/dockerd.pid)"
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
images=$here/../images
state=/var/tmp/orch-docker
if [ "${1:-}" = --state ]; then state=$(realpath -m "$2"); shift 2; fi

say() { echo "docker-up: $*" >&2; }
answers() { docker info >/dev/null 2>&1; }
# A pid file may outlive its engine, and its number may be another process by now.
ours() { [ "$(cat "/proc/$(cat "$state/dockerd.pid" 2>/dev/null || echo none)/comm" 2>/dev/null)" = dockerd ]; }

install_engine() {
  if command -v dockerd >/dev/null && command -v mmdebstrap >/dev/null; then return; fi
  say "installing the engine from Debian's archive"
  "$here/debian.sh" docker.io iptables mmdebstrap
}

start_engine() {
  say "starting the engine, data in $state"
  # The engine outlives the checkout that it is started from.
  install -m 755 "$here/runc-lenient" "$state/runc-lenient"
  cat >"$state/daemon.json" <<JSON
{
  "data-root": "$state/data",
  "exec-root": "$state/exec",
  "default-runtime": "lenient",
  "runtimes": { "lenient": { "path": "$state/runc-lenient" } }
}
JSON
  # The lock on descriptor 9 must not live on in the engine.
  setsid nohup dockerd --config-file "$state/daemon.json" --pidfile "$state/dockerd.pid" \
    >"$state/dockerd.log" 2>&1 9>&- &
  for _ in $(seq 300); do
    if answers; then return; fi
    sleep 0.1
  done
  tail -n 20 "$state/dockerd.log" >&2
  exit 1
}

# Debian 12 has Compose 1 only; the plugin of Debian 13 is one static binary that runs here as well.
install_compose() {
  if docker compose version >/dev/null 2>&1; then return; fi
  say "installing the compose plugin"
  local apt=$state/apt plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins options
  mkdir -p "$apt"/{lists/partial,cache/archives/partial} "$plugins"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $("$here/mirror.sh") trixie main" >"$apt/sources.list"
  options=(-qq -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache"
    -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update
  (cd "$apt" && apt-get "${options[@]}" download docker-compose && dpkg -x docker-compose_*.deb plugin)
  find "$apt/plugin" -type f -name docker-compose -exec install -m 755 {} "$plugins/docker-compose" \;
  docker compose version >/dev/null
}

base_image() {
  if docker image inspect debian:bookworm >/dev/null 2>&1; then return; fi
  say "making debian:bookworm"
  mmdebstrap --quiet --variant=minbase bookworm - "$("$here/mirror.sh")" | docker import - debian:bookworm >/dev/null
}

build_image() {
  local folder=${1%%[:@]*}
  folder=$images/${folder##*/}
  if [ ! -f "$folder/Dockerfile" ]; then
    say "$1 is not here, and there is no $folder/Dockerfile to build it from"
    exit 1
  fi
  base_image
  say "building $1"
  # The classic builder is the one that every engine has; it says on stderr that it is old.
  if ! DOCKER_BUILDKIT=0 docker build -t "$1" "$folder" >"$state/build.log" 2>&1; then
    tail -n 20 "$state/build.log" >&2
    exit 1
  fi
}

mkdir -p "$state"
exec 9>"$state/lock"
flock 9

if ! answers; then install_engine; start_engine; fi
install_compose
for image in "$@"; do
  if docker image inspect "$image" >/dev/null 2>&1; then continue; fi
  if ours; then build_image "$image"; else docker pull -q "$image" >/dev/null; fi
done
if ours; then base_image; fi
say "engine $(docker version --format '{{.Server.Version}}'), compose $(docker compose version --short)"
