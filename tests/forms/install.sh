#!/bin/sh
# Installs the form libraries that must render the connector's schemas:
# react-jsonschema-form and JSON Forms, with React.
#
#     tests/forms/install.sh TARGET
#
# Everything goes to TARGET/forms. Run again, it does nothing unless one of
# the files beside it has changed. Node.js with npm is installed by apt-get
# where it is missing and this user may.
set -eu

me=tests/forms/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/forms"
out=$(cd "$1/forms" && pwd)
cd "$(dirname "$0")"
. ../../scripts/installing.sh

node_packages "$out" "the form libraries" libraries.mjs
