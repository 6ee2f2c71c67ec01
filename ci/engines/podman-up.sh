#!/bin/bash
# Makes `podman` work, has debian:bookworm and the given images at hand, and prints the path of a configuration for
# CONTAINERS_CONF.
#
#   CONTAINERS_CONF=$(podman-up.sh [--state DIR] [IMAGE...])      DIR: default /var/tmp/orch-podman
#
# Podman comes from Debian's archive. The images are those that Docker has.
set -euo pipefail

folder=/var/tmp/orch-podman
if [ "${1:-}" = --state ]; then folder=$(realpath -m "$2"); shift 2; fi
mkdir -p "$folder"

if ! command -v podman >/dev/null || ! command -v catatonit >/dev/null || [ ! -x /usr/lib/podman/netavark ]; then
  "$(dirname "${BASH_SOURCE[0]}")/debian.sh" podman netavark aardvark-dns catatonit runc
fi
# Control groups without systemd, and limits that a container here may have.
cat >"$folder/containers.conf" <<'TOML'
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=16384:16384"]
TOML
export CONTAINERS_CONF=$folder/containers.conf
# The same name may be another image by now.
for image in debian:bookworm "$@"; do
  wanted=$(docker image inspect --format '{{.Id}}' "$image") || {
    echo "podman-up: $image is not here" >&2
    exit 1
  }
  there=$(podman image inspect --format '{{.Id}}' "$image" 2>/dev/null || true)
  if [ "${wanted#sha256:}" != "$there" ]; then docker save "$image" | podman load --quiet >/dev/null; fi
done
# Docker drops what goes over a bridge from one container to another, unless it is told that it may: Podman only tells
# it of networks that lead outside.
pool=10.89.0.0/16
if iptables --list-rules DOCKER-USER >/dev/null 2>&1; then
  iptables --check DOCKER-USER -s $pool -d $pool -j ACCEPT 2>/dev/null ||
    iptables --insert DOCKER-USER -s $pool -d $pool -j ACCEPT
fi
echo "podman-up: $(podman --version)" >&2
echo "$CONTAINERS_CONF"
