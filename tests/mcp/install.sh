#!/bin/sh
# Installs the official client of the Model Context Protocol and its Inspector,
# which try `connector mcp`.
#
#     tests/mcp/install.sh TARGET
#
# Everything goes to TARGET/mcp. Run again, it does nothing unless one of the
# files beside it has changed. Node.js with npm is installed by apt-get where
# it is missing and this user may.
set -eu

me=tests/mcp/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/mcp"
out=$(cd "$1/mcp" && pwd)
cd "$(dirname "$0")"
. ../installing.sh
wanted=$(cat install.sh ../installing.sh package-lock.json | cksum)

if [ "$(cat "$out/installed" 2>/dev/null)" = "$wanted" ] && [ -d "$out/node_modules" ]; then
    exit 0
fi
rm -f "$out/installed"

say "installing the client and the Inspector into $out"
node_modules "$out"
echo "$wanted" >"$out/installed"
