#!/bin/bash
# Makes `podman` work, has debian:bookworm at hand, and prints the path of a configuration for CONTAINERS_CONF.
#
#   CONTAINERS_CONF=$(podman-up.sh [FOLDER])      FOLDER: default /var/tmp/orch-podman
#
# Podman comes from Debian's archive. The image is the one that docker-up.sh has made.
set -euo pipefail

folder=$(realpath -m "${1:-/var/tmp/orch-podman}")
image=debian:bookworm
mkdir -p "$folder"

if ! command -v podman >/dev/null || ! command -v catatonit >/dev/null || [ ! -x /usr/lib/podman/netavark ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    podman netavark aardvark-dns catatonit runc >/dev/null 2>&1
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
if ! podman image exists "$image"; then docker save "$image" | podman load --quiet >/dev/null; fi
podman image exists "$image"
echo "podman-up: $(podman --version)" >&2
echo "$CONTAINERS_CONF"
