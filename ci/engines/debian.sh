#!/bin/bash
# Installs packages of Debian's archive, one call after the other, however many are made at a time.
#
#   debian.sh PACKAGE...
set -euo pipefail

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "debian: not installed: $*" >&2
  exit 1
fi
exec 8>/var/tmp/orch-debian.lock
flock 8
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# What is installed may start something, which must not have the lock.
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1 8>&- 9>&-; then
  tail -n 20 "$log" >&2
  exit 1
fi
