#!/bin/sh
# Builds the connector in JavaScript with componentize-js, which it installs.
#
#     tests/connectors/greeter/build.sh TARGET
#
# The component is written to TARGET/test-components/greeter.wasm, the tools to
# TARGET/greeter. A second run does nothing unless something has changed.
# `overrides` in package.json selects an older jco: componentize-js uses little
# of it, and later versions pull in a bundler and a second JavaScript engine.
set -eu

me=tests/connectors/greeter/build.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/greeter" "$1/test-components"
target=$(cd "$1" && pwd)
cd "$(dirname "$0")"
. ../../../scripts/installing.sh
tools=$target/greeter
file=$target/test-components/greeter.wasm

wanted=$(cat build.sh package-lock.json | cksum)
if [ "$(cat "$tools/installed" 2>/dev/null)" != "$wanted" ]; then
    rm -f "$tools/installed"
    say "installing componentize-js into $tools"
    node_modules "$tools"
    echo "$wanted" >"$tools/installed"
fi

wanted=$(cat build.sh build.mjs package-lock.json connector.js ../../../wit/*.wit | cksum)
if [ "$(cat "$tools/built" 2>/dev/null)" != "$wanted" ] || ! [ -e "$file" ]; then
    rm -f "$tools/built"
    cp build.mjs "$tools"
    node "$tools/build.mjs" "$PWD/connector.js" "$PWD/../../../wit" "$file"
    echo "$wanted" >"$tools/built"
fi
