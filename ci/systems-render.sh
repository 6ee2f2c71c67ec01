#!/bin/bash
# Renders the systems of manifest-gen/tests/systems for Compose and Swarm in every profile, and holds what
# came out against its readers: the Compose schema, `docker compose config` and `docker stack config`.
#
#   systems-render.sh COMMAND [FOLDER]      COMMAND is the cargo-orch to render with; FOLDER keeps the files
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# = 0 ]; then
  sed -n '2,5p' "$0" | sed 's/^# \{0,1\}//' >&2
  exit 2
fi
command=$(realpath "$1")
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
folder=${2:-$state/systems}
mkdir -p "$folder"
refused=0

for manifest in "$here"/../manifest-gen/tests/systems/*.json; do
  system=$(basename "$manifest" .json)
  for profile in local ci staging prod; do
    for target in compose swarm; do
      "$command" orch render --target "$target" --profile "$profile" --manifest "$manifest" \
        --config "${manifest%.json}.toml" --out "$folder/$system/$target/$profile" 2>"$state/talk" || {
        cat "$state/talk" >&2
        exit 1
      }
    done
  done
done

# What a deployer has to give: whatever a file asks for.
find "$folder" -name '*.yaml' -print0 | xargs -0 grep -ohE '\$\{[A-Za-z0-9_]+:\?' | sed 's/^..\(.*\)..$/\1=given/' | sort -u >"$state/given.env"
"$here/compose-accept.sh" --env-file "$state/given.env" "$folder"/*/compose/*/compose.yaml || refused=1

set -a
# shellcheck source=/dev/null
. "$state/given.env"
set +a
for file in "$folder"/*/swarm/*/stack.yaml; do
  if docker stack config --compose-file "$file" >/dev/null 2>"$state/talk"; then
    printf 'ok    %s: docker stack config\n' "$file"
  else
    printf 'FAIL  %s: docker stack config\n' "$file"
    sed 's/^/      /' "$state/talk"
    refused=1
  fi
done
exit "$refused"
