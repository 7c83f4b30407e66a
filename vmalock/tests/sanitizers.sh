#!/usr/bin/env bash
# The unit tests under miri, with several schedules for those with many threads, and under
# ThreadSanitizer.
#
# By hand, some minutes on two cores. Needs a nightly toolchain with `miri` and `rust-src`:
#
#     vmalock/tests/sanitizers.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
export RUST_BACKTRACE=0

MIRIFLAGS="-Zmiri-disable-isolation" cargo +nightly miri test -p vmalock --lib
MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-many-seeds=0..16" cargo +nightly miri test -p vmalock --lib -- \
    readers_see_whole_payloads everybody_gets_the_mmap_lock

# The standard library is built anew, so that its own locks and threads are seen.
RUSTFLAGS="-Zsanitizer=thread" cargo +nightly test -Zbuild-std \
    --target "$(rustc -vV | sed -n 's/^host: //p')" -p vmalock --lib
