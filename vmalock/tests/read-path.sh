#!/usr/bin/env bash
# Shows the machine code of a read lock, its end, and the assertions, in a release build, and checks
# it: with tracking off there is no instruction of the tracker, one atomic instruction a function,
# and the assertions are nothing. With tracking on the same check must fail.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Prints the code of one function of the assembly file.
code() {
    awk -v name="$2:" '$0 == name { on = 1 } on { print } on && /\.cfi_endproc/ { exit }' "$1" |
        grep -vE '^[[:space:]]*\.(cfi|p2align|type|size|section|file|loc)'
}

# Builds the example with the given arguments and names its assembly file.
build() {
    local folder="${CARGO_TARGET_DIR:-target}"
    rm -f "$folder"/*/examples/read_path*.s
    # Or cargo finds nothing to do, and the file stays away.
    touch vmalock/examples/read_path.rs
    cargo rustc --quiet --locked -p vmalock --example read_path "$@" \
        -- --emit asm -C codegen-units=1
    ls "$folder"/*/examples/read_path*.s
}

off="$(build --release)"
for function in read_path_lock read_path_unlock read_path_assert; do
    code "$off" "$function"
done
if grep -q 'lockdep' "$off"; then
    echo "read-path: with tracking off the program names the tracker" >&2
    exit 1
fi
# Elsewhere than on x86-64 an atomic instruction has no mark to count.
if [ "$(uname -m)" = x86_64 ]; then
    test "$(code "$off" read_path_lock | grep -cw 'lock')" -eq 1
    # The count that is expected is a constant, so the exchange need not wait for the load.
    code "$off" read_path_lock | grep -B 2 -w 'lock' | grep -qF -- '$1, %eax'
    test "$(code "$off" read_path_unlock | grep -cw 'lock')" -eq 1
    test "$(code "$off" read_path_assert | grep -cE '^[[:space:]]+[a-z]')" -eq 1
fi

# Not optimised, because that takes a while: the tracker is named in either case.
on="$(build --features lockdep-release)"
if ! grep -q 'lockdep' "$on"; then
    echo "read-path: with tracking on the program does not name the tracker, so nothing was shown" >&2
    exit 1
fi
echo "read-path: no instruction of the tracker"
