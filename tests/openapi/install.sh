#!/bin/sh
# Installs a validator of OpenAPI documents.
#
#     tests/openapi/install.sh TARGET
#
# Everything goes to TARGET/openapi. Run again, it does nothing unless one of
# the files beside it has changed. Node.js with npm is installed by apt-get
# where it is missing and this user may.
set -eu

me=tests/openapi/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/openapi"
out=$(cd "$1/openapi" && pwd)
cd "$(dirname "$0")"
. ../installing.sh

# The requests of the README are sent with it.
command -v curl >/dev/null || debian curl curl ca-certificates

node_packages "$out" "the OpenAPI validator" validate.mjs
