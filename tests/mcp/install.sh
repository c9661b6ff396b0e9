#!/bin/sh
# Installs the official Model Context Protocol client and its Inspector,
# for the tests of `connector mcp`.
#
#     tests/mcp/install.sh TARGET
#
# Installs into TARGET/mcp. Running it again does nothing unless a file in this
# folder has changed. Node.js with npm is installed with apt-get if it is missing
# and the user has permission.
set -eu

me=tests/mcp/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/mcp"
out=$(cd "$1/mcp" && pwd)
cd "$(dirname "$0")"
. ../../scripts/installing.sh

node_packages "$out" "the client and the Inspector"
