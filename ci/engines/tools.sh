#!/bin/bash
# Installs the validators that are not on the machine into a Python environment of their own, and
# prints the folder of their commands. Quick when they are there already.
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
echo "$folder/bin"
