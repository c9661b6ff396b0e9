#!/bin/sh
# Builds the connectors that the tests use in addition to OpenAI's.
#
#     tests/connectors/build.sh TARGET
set -eu

[ $# = 1 ] || { echo "usage: tests/connectors/build.sh TARGET" >&2; exit 2; }
mkdir -p "$1"
target=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
export CARGO_TARGET_DIR="$target"
scripts/build-connector.sh component/anthropic "$target/test-components/anthropic.wasm" --locked
scripts/build-connector.sh component/helpdesk "$target/test-components/helpdesk.wasm" --locked
scripts/build-connector.sh tests/connectors/puppet "$target/attack-components/puppet.wasm" --locked
tests/connectors/greeter/build.sh "$target"
