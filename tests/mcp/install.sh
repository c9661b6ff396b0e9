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
. ../../scripts/installing.sh

node_packages "$out" "the client and the Inspector"
