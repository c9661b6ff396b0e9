#!/bin/sh
# Installs Node-RED, for the tests of the package in host/node/node-red.
#
#     tests/node-red/install.sh TARGET
#
# Installs 100 MB into TARGET/node-red. Running it again does nothing unless a
# file in this folder has changed. Node.js with npm is installed with apt-get if
# it is missing and the user has permission.
set -eu

me=tests/node-red/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/node-red"
out=$(cd "$1/node-red" && pwd)
cd "$(dirname "$0")"
. ../../scripts/installing.sh

node_packages "$out" "Node-RED"
