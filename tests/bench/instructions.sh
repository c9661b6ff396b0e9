#!/bin/sh
# Counts the instructions of one Ask in a fresh instance, HTTP stubbed, and
# fails if they are 2 % more or fewer than the file `instructions` says for the
# compiler.
#
#     tests/bench/instructions.sh TARGET [--write]
#
# Instructions do not depend on what else the machine does, as time does. They
# are the difference of two counts, so that compiling the component is none of
# them. Valgrind is installed by apt-get where it is missing and this user may.
set -eu

me=tests/bench/instructions.sh
[ $# -ge 1 ] || { echo "usage: $me TARGET [--write]" >&2; exit 2; }

target=$(cd "$1" && pwd)
cd "$(dirname "$0")"
. ../installing.sh
command -v valgrind >/dev/null || debian "Valgrind" valgrind

few=100
many=600
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$target/release/connector-bench" bare "$1" 2>&1 |
        sed -n 's/.*refs: *//p' | tr -d ,
}
of_few=$(count $few)
of_many=$(count $many)
counted=$(((of_many - of_few) / (many - few)))

# By the compiler that made the component (component/build.sh).
compiler=$(cat "$target/guest/compiler")
if [ "${2:-}" = --write ]; then
    others=$(grep -v "^$compiler " instructions || true)
    printf '%s\n' "$compiler $counted" "$others" | sed '/^$/d' | sort >instructions
fi
expected=$(sed -n "s/^$compiler //p" instructions)
difference=$(((counted - expected) * 1000 / expected))
say "$counted instructions for an Ask, of which $expected are expected"
if [ $difference -lt -20 ] || [ $difference -gt 20 ]; then
    say "that differs by more than 2 %; hint: if the change is meant, run '$me TARGET --write'"
    exit 1
fi
