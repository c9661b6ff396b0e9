#!/bin/sh
# Builds the connectors that the tests have besides OpenAI's.
#
#     tests/connectors/build.sh TARGET
set -eu

[ $# = 1 ] || { echo "usage: tests/connectors/build.sh TARGET" >&2; exit 2; }
here=$(dirname "$0")
CARGO_TARGET_DIR=$1 "$here/../../component/build.sh" "$here/anthropic" "$1/test-components/anthropic.wasm" --locked
"$here/greeter/build.sh" "$1"
