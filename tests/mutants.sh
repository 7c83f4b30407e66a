#!/usr/bin/env bash
# The kill table: breaks one rule of the tracker at a time and says which tests notice.
#
# By hand; about half a minute for each mutation on two cores:
#
#     tests/mutants.sh [mutation …]
#     tests/mutants.sh --apply        only says whether each can be made, which takes no time
#
# `tests/mutants/` holds the mutations, each a file: what is broken, in which file, the text and what
# stands in its place. They are made in a copy of the tree, one after the other. It is an error if one
# of them does not apply, because its text is not there once and only once, does not compile, or is
# noticed by no test; and if the tests fail without any. Those of waits and of async tasks are judged
# by the scenes of the host and the programs with messages, the others by the suites of the rules.
set -euo pipefail
workspace="$(cd "$(dirname "$0")/.." && pwd)"
folder="${MUTANTS_DIR:-${CARGO_TARGET_DIR:-$workspace/target}/mutants}"
tree="$folder/tree"
mkdir -p "$folder"
rm -rf "$tree"
mkdir "$tree"
(cd "$workspace" && git ls-files -z --cached --others --exclude-standard |
    xargs -0 tar --create --ignore-failed-read) | tar --extract --directory "$tree"
rm -rf "$folder/original"
cp -r "$tree" "$folder/original"
export CARGO_TARGET_DIR="$folder/target"
# Nobody looks at a stack here, and there is much to link.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0
cd "$tree"

# Runs the suites for what is broken, `locks` or `waits`; prints the names of the tests that failed,
# or "does not compile".
failing() {
    local log="$folder/log" suites=(--test host --test messages)
    [ "$1" = waits ] || suites=(--test grid --test gaps --test verdict --test oracle)
    if ! cargo test --quiet --package tests "${suites[@]}" --no-run > "$log" 2>&1; then
        echo "does not compile"
        return
    fi
    case "$1" in
    waits)
        for group in waits:: tasks::; do
            timeout 300 cargo test --package tests --test host -- "$group" ||
                echo "test host ... FAILED"
        done
        timeout 300 cargo test --package tests --test messages || echo "test messages ... FAILED"
        ;;
    locks)
        timeout 300 cargo test --package tests --test grid --test gaps --test verdict \
            --no-fail-fast || echo "test suites ... FAILED"
        # Of the oracle the programs whose truth is known.
        timeout 300 cargo test --package tests --test oracle -- deadlock ||
            echo "test oracle ... FAILED"
        ;;
    esac > "$log" 2>&1
    # The last two are for tests that end in a crash.
    local names
    names="$(sed -n 's/^test \(.*[^ ]\) *\.\.\. FAILED$/\1/p' "$log")"
    grep --invert-match --line-regexp --regexp suites --regexp oracle --regexp host \
        --regexp messages <<< "$names" || echo "$names"
}

# Replaces the one occurrence of a text in a file.
apply() {
    perl -0777 -e '
        my ($mutation, $tree) = @ARGV;
        local (@ARGV, $/) = ($mutation, undef);
        my ($file, $old, $new) =
            <> =~ /\A[^\n]*\n([^\n]*)\n--- old\n(.*)\n--- new\n(.*)\n--- end\n\z/s
            or die "$mutation is no mutation\n";
        open my $in, "<", "$tree/$file" or die "$file: $!\n";
        my $text = <$in>;
        my $times = () = $text =~ /\Q$old\E/g;
        $times == 1 or die "$mutation: its text is in $file $times times\n";
        $text =~ s/\Q$old\E/$new/;
        open my $out, ">", "$tree/$file" or die "$file: $!\n";
        print $out $text;
    ' "$1" "$tree"
}

failed=0
if [ "${1:-}" = --apply ]; then
    for path in "$folder"/original/tests/mutants/*; do
        file="$(sed -n 2p "$path")"
        apply "$path" || failed=1
        cp "$folder/original/$file" "$tree/$file"
    done
    exit "$failed"
fi
unbroken="$(failing locks; failing waits)"
if [ -n "$unbroken" ]; then
    printf 'without any mutation fails: %s\n' "$unbroken"
    exit 1
fi
printf '%-52s %6s  %s\n' mutation killers 'among them'
mutations=("$@")
[ $# -gt 0 ] || mapfile -t mutations < <(ls tests/mutants)
for mutation in "${mutations[@]}"; do
    path="$folder/original/tests/mutants/$mutation"
    file="$(sed -n 2p "$path")"
    if ! apply "$path"; then
        failed=1
        continue
    fi
    case "$mutation" in
    wait-* | task-*) killers="$(failing waits)" ;;
    *) killers="$(failing locks)" ;;
    esac
    cp "$folder/original/$file" "$tree/$file"
    case "$killers" in
    "") printf '%-52s %6s  %s\n' "$mutation" NONE "$(head -n 1 "$path")" && failed=1 ;;
    "does not compile") printf '%-52s %6s\n' "$mutation" "$killers" && failed=1 ;;
    *)
        printf '%-52s %6s  %s\n' "$mutation" "$(wc -l <<< "$killers")" "$(head -n 1 <<< "$killers")"
        ;;
    esac
done
exit "$failed"
