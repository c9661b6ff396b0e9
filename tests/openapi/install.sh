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
wanted=$(cat install.sh ../installing.sh package-lock.json validate.mjs | cksum)

# The requests of the README are sent with it.
command -v curl >/dev/null || debian curl curl ca-certificates
if [ "$(cat "$out/installed" 2>/dev/null)" = "$wanted" ] && [ -d "$out/node_modules" ]; then
    exit 0
fi
rm -f "$out/installed"

say "installing the OpenAPI validator into $out"
node_modules "$out"
cp validate.mjs "$out"
echo "$wanted" >"$out/installed"
