#!/bin/bash
# Installs the validators that are not on the machine, and prints the folder of their commands: Graphviz, a browser
# and Node.js from Debian's archive, the others into a Python environment of their own, and mermaid's script beside
# it. Quick when they are there already.
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
packages=()
for pair in dot:graphviz chromium:chromium node:nodejs npm:npm; do
  if ! command -v "${pair%%:*}" >/dev/null; then packages+=("${pair##*:}"); fi
done
if [ ${#packages[@]} != 0 ]; then
  "$here/debian.sh" "${packages[@]}"
fi
mermaid=11.17.2
if [ ! -f "$folder/mermaid.min.js" ]; then
  npm pack --silent --pack-destination "$folder" "mermaid@$mermaid" >/dev/null
  echo "6ad2f42c3fc26bbf9e45cbb6d11898972573ea52b33a5f4ff51952899f950ffd  $folder/mermaid-$mermaid.tgz" | sha256sum --check --quiet >&2
  tar -xzf "$folder/mermaid-$mermaid.tgz" -C "$folder" --strip-components 2 package/dist/mermaid.min.js
  rm "$folder/mermaid-$mermaid.tgz"
fi
echo "$folder/bin"
