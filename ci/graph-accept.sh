#!/bin/bash
# Holds the pictures of `cargo orch graph` against their readers: Graphviz reads DOT and says which edges there
# are, a headless browser opens the page, clicks every box, searches, and measures that nothing lies on anything
# else, and mermaid draws its flowchart. For the shop, the web shop, and a system of sixty.
#
#   graph-accept.sh ORCH [FOLDER]      ORCH: the command, built; FOLDER: where the pictures go
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
orch=$(realpath "$1")
if [ $# -ge 2 ]; then
  out=$2
  mkdir -p "$out"
else
  out=$(mktemp -d)
  trap 'rm -rf "$out"' EXIT
fi
tools=$("$here"/engines/tools.sh)

systems=$here/../manifest-gen/tests/systems
cp "$systems"/{shop,webshop}.json "$systems"/{shop,webshop}.toml "$out"
python3 "$here/graph/sixty.py" >"$out/sixty.json"
touch "$out/sixty.toml"
names=(shop webshop sixty)
for name in "${names[@]}"; do
  for format in svg html mermaid dot; do
    "$orch" orch graph --manifest "$out/$name.json" --config "$out/$name.toml" --profile prod \
      --format "$format" -o "$out/$name.$format" >/dev/null
  done
  # What Graphviz read is what the others have to show.
  dot -Tjson "$out/$name.dot" | python3 -c '
import json, sys
read = json.load(sys.stdin)
names = {one["_gvid"]: one["name"] for one in read["objects"]}
json.dump([[names[edge["tail"]], names[edge["head"]]] for edge in read["edges"]], sys.stdout)' >"$out/$name.edges.json"
done
cd "$out"
node "$here/graph/browser.mjs" chromium "$tools/../mermaid.min.js" "${names[@]}"
