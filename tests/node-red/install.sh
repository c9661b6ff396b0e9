#!/bin/sh
# Installs Node-RED, in which the package of nodes (host/node/node-red) is tested.
#
#     tests/node-red/install.sh TARGET
#
# Everything goes to TARGET/node-red, 100 MB. Run again, it does nothing unless
# one of the files beside it has changed. Node.js with npm is installed by
# apt-get where it is missing and this user may.
set -eu

me=tests/node-red/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/node-red"
out=$(cd "$1/node-red" && pwd)
cd "$(dirname "$0")"
. ../../scripts/installing.sh

node_packages "$out" "Node-RED"
