#!/usr/bin/env bash
# Runs each fuzz target for a bounded time: fuzz.sh [SECONDS [TARGET…]]
#
# Fails on the first crash, with the input that does it, and when a target has run nothing. What was
# found interesting is kept in the target folder and is where the next run goes on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-20}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(grammar manifest orch_toml render)
version=0.13.2
export CARGO_TARGET_DIR=${ORCH_FUZZ_TARGET_DIR:-$PWD/target/fuzz}
# cargo-fuzz asks for flags that only its sanitizers need a nightly compiler for.
export RUSTC_BOOTSTRAP=1

tools=$CARGO_TARGET_DIR/tools
export PATH="$tools/bin:$PATH"
if ! command -v cargo-fuzz >/dev/null; then
  CARGO_TARGET_DIR=$CARGO_TARGET_DIR/install cargo install cargo-fuzz --version "$version" --locked --quiet --root "$tools"
fi

# One file for each thing that the tests have an example of.
seeds=$CARGO_TARGET_DIR/seeds
rm -rf "$seeds"
mkdir -p "$seeds"/{grammar,manifest,orch_toml,render}
number=0
while IFS= read -r line; do
  number=$((number + 1))
  printf '%s' "${line:2:-1}" >"$seeds/grammar/line-$number"
done < <(grep -h '^#\[.*\]$' macros/attributes/tests/mistakes/*.txt)
# An attribute of the documentation spans lines, and its tokens go on to the line with the parenthesis.
awk -v folder="$seeds/grammar" '
  /^#\[orch::[a-z_]+\($/ { sub(/^#\[orch::/, ""); text = $0; open = 1; next }
  open && /^\)\]$/ { printf "%s", text > (folder "/documented-" ++count); close(folder "/documented-" count); open = 0; next }
  open { text = text "\n" $0 }
' docs/attributes.md
cp manifest-gen/tests/systems/*.json manifest-gen/tests/kubernetes/everything.json "$seeds/manifest/"
cp manifest-gen/tests/systems/*.toml manifest-gen/tests/kubernetes/*.toml "$seeds/orch_toml/"
# Edits of a system are read from bytes, of which any will do.
for size in 8 64 512; do head -c $size /dev/zero | tr '\0' 'x' >"$seeds/render/$size"; done
cat "$seeds"/{grammar,manifest,orch_toml}/* | grep -oE '[A-Za-z][A-Za-z_-]{2,}' | sort -u | sed 's/.*/"&"/' >"$seeds/words"

cargo fuzz build --fuzz-dir fuzz --sanitizer none
for target in "${targets[@]}"; do
  corpus=$CARGO_TARGET_DIR/corpus/$target
  crashes=$CARGO_TARGET_DIR/crashes/$target/
  mkdir -p "$corpus" "$crashes"
  log=$CARGO_TARGET_DIR/$target.log
  length=4096
  [ "$target" != manifest ] || length=65536
  words=(-dict="$seeds/words")
  [ "$target" != render ] || words=()
  if ! cargo fuzz run --fuzz-dir fuzz --sanitizer none "$target" "$corpus" "$seeds/$target" -- \
    -max_total_time="$seconds" -max_len="$length" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$crashes" "${words[@]}" >"$log" 2>&1; then
    # What panicked, and the input; else the end of it, where it ran out of time or memory.
    grep -a -A 6 'panicked at' "$log" | grep -av '^ *[0-9]*: ' >&2 || tail -n 60 "$log" >&2
    grep -a '^Base64: ' "$log" >&2 || true
    echo "fuzz target $target: a crash, its input is in $crashes" >&2
    exit 1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1 || true)
  inputs=$(find "$corpus" "$seeds/$target" -type f | wc -l)
  printf '%-10s %9s runs in %s s, %s edges, %s inputs\n' "$target" "${runs:-0}" "$seconds" "${coverage#cov: }" "$inputs"
  # The seeds alone are that many, or nearly.
  if [ "${runs:-0}" -le 10 ] || [ -z "$coverage" ]; then
    echo "fuzz target $target has run nothing" >&2
    exit 1
  fi
done
