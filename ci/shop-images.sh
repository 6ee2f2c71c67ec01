#!/bin/bash
# Builds the images of the shop's apps with `cargo orch build`, under the names that its artifacts use.
#
#   shop-images.sh COMMAND [FOLDER]      COMMAND: the command cargo-orch
#                                        FOLDER: the shop's workspace (default examples/shop)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
command=$(realpath "$1")
"$here/engines/docker-up.sh" debian:bookworm-slim
cd "${2:-$here/../examples/shop}"
# The debug build is the one that other steps use as well.
"$command" orch build --locked --cargo-profile dev
