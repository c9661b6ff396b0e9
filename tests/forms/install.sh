#!/bin/sh
# Installs the form libraries that the tests render the connector's schemas
# with: react-jsonschema-form and JSON Forms, with React.
#
#     tests/forms/install.sh TARGET
#
# Installs into TARGET/forms. Running it again does nothing unless a file in
# this folder has changed. Node.js with npm is installed with apt-get if it is
# missing and the user has permission.
set -eu

me=tests/forms/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/forms"
out=$(cd "$1/forms" && pwd)
cd "$(dirname "$0")"
. ../../scripts/installing.sh

node_packages "$out" "the form libraries" libraries.mjs
