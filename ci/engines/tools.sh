#!/bin/bash
# Installs the validators that are not on the machine, Graphviz from Debian's archive and the others into a
# Python environment of their own, and prints the folder of their commands. Quick when they are there already.
#
#   PATH=$(tools.sh [FOLDER]):$PATH      FOLDER: default /var/tmp/orch-tools
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(realpath -m "${1:-/var/tmp/orch-tools}")
wanted=$here/requirements.txt

if ! cmp -s "$wanted" "$folder/installed.txt"; then
  python3 -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" >&2
  cp "$wanted" "$folder/installed.txt"
fi
if ! command -v dot >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends graphviz >/dev/null 2>&1
fi
echo "$folder/bin"
