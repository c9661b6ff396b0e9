#!/bin/sh
# Runs every test, also after one has failed, and sums up what all the test
# programs reported. What they print is kept in TARGET/test.log.
#
#     tests/all.sh TARGET [OPTION OF CARGO TEST...]
set -eu

cd "$(dirname "$0")/.."
log=$1/test.log
shift

# A shell knows only how the last program of a pipe has ended.
{ cargo test "$@" --no-fail-fast || echo "cargo test ended with status $?"; } 2>&1 | tee "$log"

echo
grep '^test .* \.\.\. FAILED$' "$log" || true
awk '
    /^test result: / { passed += $4; failed += $6; skipped += $8 }
    # A program that does not compile or that dies reports no test: cargo names it.
    /^cargo test ended with status / && !failed { failed = 1 }
    END {
        printf "%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""
        exit failed || !passed
    }
' "$log"
