#!/bin/sh
# Runs every test, also after one has failed, and sums up what all the test
# programs reported. What they print is kept in TARGET/test.log.
#
#     tests/all.sh TARGET [OPTION OF CARGO TEST...]
set -eu

cd "$(dirname "$0")/.."
target=$1
shift
log=$target/test.log

{
    "$target/release/tally" clear
    # A shell knows only how the last program of a pipe has ended: the summary
    # reads the others from the log.
    cargo test "$@" --no-fail-fast || echo "cargo test ended with status $?"
    echo
    "$target/release/tally" || echo "tally ended with status $?"
} 2>&1 | tee "$log"
awk -f tests/summary.awk "$log"
