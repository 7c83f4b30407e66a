#!/usr/bin/env bash
# The test suites of published crates, and one program made of many, under `cargo lockdep`.
#
# By hand, about half an hour on two cores; with names, those suites only:
#
#     tests/suites.sh [folder [name…]]
#
# Each suite runs as packaged, once under `cargo test` and once under `cargo lockdep test`; the
# counts must agree. What is printed of violations is to be read by a person.
set -euo pipefail
workspace="$(cd "$(dirname "$0")/.." && pwd)"
folder="${1:-$workspace/target/suites}"
wanted=" ${*:2} "
mkdir -p "$folder"
folder="$(cd "$folder" && pwd)"

cargo build --release --quiet --manifest-path "$workspace/Cargo.toml" -p cargo-lockdep \
    --target-dir "$folder/command"
command="$folder/command/release/cargo-lockdep"

# Fetches a package's source, as packaged, into the folder.
fetch() {
    local name="$1" version="$2" probe="$folder/probe"
    mkdir -p "$probe/src"
    printf '[package]\nname = "probe"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n' \
        > "$probe/Cargo.toml"
    printf '[dependencies]\n%s = "=%s"\n' "$name" "$version" >> "$probe/Cargo.toml"
    : > "$probe/src/lib.rs"
    local manifest
    manifest="$(cargo metadata --format-version 1 --manifest-path "$probe/Cargo.toml" |
        grep -o "\"manifest_path\":\"[^\"]*/$name-$version/Cargo.toml\"" | head -n 1 | cut -d '"' -f 4)"
    rm -rf "$folder/$name" "$probe"
    cp -r "$(dirname "$manifest")" "$folder/$name"
    rm -f "$folder/$name"/rust-toolchain*
    printf '\n[workspace]\n' >> "$folder/$name/Cargo.toml"
}

# The sum of the passed tests in what `cargo test` printed.
passed() {
    sed -n 's/^test result:.* \([0-9]*\) passed;.*/\1/p' "$1" | awk '{ sum += $1 } END { print sum }'
}

suite() {
    local name="$1" version="$2"
    shift 2
    [[ "$wanted" == "  " || "$wanted" == *" $name "* ]] || return 0
    fetch "$name" "$version"
    printf '\n== %s %s\n' "$name" "$version"
    cd "$folder/$name"
    timed plain env CARGO_TARGET_DIR="$folder/plain" cargo test --no-fail-fast "$@"
    timed tracked env CARGO_TARGET_DIR="$folder/tracked" "$command" test --no-fail-fast "$@"
    sed -nE '/^(error|warning)\[LD/,$p' "$folder/$name.tracked.err"
    tail -n 1 "$folder/$name.tracked.err"
    printf 'passed: %s in %s s plain, %s in %s s tracked\n' \
        "$(passed "$folder/$name.plain")" "$(cat "$folder/$name.plain.time")" \
        "$(passed "$folder/$name.tracked")" "$(cat "$folder/$name.tracked.time")"
}

# Runs a suite that is built already, and writes down what it printed and how long it took.
timed() {
    local way="$1" TIMEFORMAT=%R
    shift
    "$@" --no-run 2> "$folder/$name.$way.build" || true
    { time "$@" > "$folder/$name.$way" 2> "$folder/$name.$way.err" || true; } \
        2> "$folder/$name.$way.time"
}

suite indicatif 0.18.6
suite crossbeam-channel 0.5.17 --lib --tests
suite parking_lot 0.12.5
suite parking_lot 0.13.0
suite lock_api 0.5.0
suite rayon-core 1.13.0
suite dashmap 6.1.0
suite moka 0.12.16 --features sync,future
suite quinn 0.11.12
suite deadpool 0.13.1
suite r2d2 0.8.10

[[ "$wanted" == "  " ]] || exit 0
printf '\n== one program with tokio, rayon, serde_json, reqwest, tracing-subscriber and dashmap\n'
CARGO_TARGET_DIR="$folder/tracked" "$command" run --quiet \
    --manifest-path "$workspace/tests/fixtures/everything/Cargo.toml" 2> "$folder/everything.err"
tail -n 1 "$folder/everything.err"
