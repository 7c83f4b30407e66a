#!/usr/bin/env bash
# How many executions each model explored, and what catches what: each ordering weakened, each step
# left out.
#
#     vmalock/models/table.sh          as in the tests: about half a minute on two cores
#     vmalock/models/table.sh deep     one preemption more under loom, 100 times the schedules under
#                                      shuttle: half an hour or more
set -euo pipefail
cd "$(dirname "$0")/../.."

run() {
    cargo test --locked --package vmalock-models "$@" -- --nocapture 2>&1
}

if [ "${1:-}" = deep ]; then
    export VMALOCK_SCHEDULES=30000 VMALOCK_PREEMPTIONS=1
fi
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
if ! run > "$log"; then
    cat "$log"
    exit 1
fi
printf '| model | explored |\n|---|---|\n'
sed -n 's/^.*explored \([a-z_:]*\): \(.*\)$/| \1 | \2 |/p' "$log" | sort
printf '\n'
grep '^| ' "$log" | grep -v '^| weakened\|explored'  > "$log.table" || true
printf '| weakened | how | model that fails | with |\n|---|---|---|---|\n'
cat "$log.table"
rm -f "$log.table"
