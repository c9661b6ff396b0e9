#!/bin/sh
# Runs every test, even after a failure, and sums up the results of all test
# programs. Their output is kept in TARGET/test.log.
#
#     tests/all.sh TARGET [CARGO TEST OPTION...]
set -eu

cd "$(dirname "$0")/.."
log=$1/test.log
shift

# A pipeline's exit status is that of its last command.
{ cargo test "$@" --no-fail-fast || echo "cargo test ended with status $?"; } 2>&1 | tee "$log"

echo
grep '^test .* \.\.\. FAILED$' "$log" || true
awk '
    /^test result: / { passed += $4; failed += $6; skipped += $8 }
    # A program that does not compile or that crashes reports no tests; only cargo does.
    /^cargo test ended with status / && !failed { failed = 1 }
    END {
        printf "%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""
        exit failed || !passed
    }
' "$log"
