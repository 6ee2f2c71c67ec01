#!/bin/bash
# Holds compose files against their readers: the Compose Specification's JSON Schema, and
# `docker compose config` with the variables of an env file.
#
#   compose-accept.sh [--env-file FILE] COMPOSE_FILE...
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
env_file=/dev/null
if [ "${1:-}" = --env-file ]; then env_file=$2; shift 2; fi
if [ $# = 0 ]; then
  sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi

"$here/engines/docker-up.sh"
tools=$("$here/engines/tools.sh")
output=$(mktemp)
trap 'rm -f "$output"' EXIT
refused=0

# judge FILE READER COMMAND...
judge() {
  local file=$1 reader=$2
  shift 2
  if "$@" >"$output" 2>&1; then
    printf 'ok    %s: %s\n' "$file" "$reader"
  else
    printf 'FAIL  %s: %s\n' "$file" "$reader"
    sed 's/^/      /' "$output"
    refused=1
  fi
}

for file in "$@"; do
  judge "$file" 'schema' "$tools/check-jsonschema" --builtin-schema vendor.compose-spec "$file"
  judge "$file" 'docker compose config' docker compose --env-file "$env_file" -f "$file" config --quiet
done
exit "$refused"
