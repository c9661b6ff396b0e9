#!/bin/sh
# Installs an OpenAPI validator and client generators.
#
#     tests/openapi/install.sh TARGET
#
# Installs into TARGET/openapi. Running it again does nothing unless a file in
# this folder has changed. Node.js with npm and Python with venv are installed
# with apt-get if they are missing and the user has permission.
set -eu

me=tests/openapi/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/openapi"
out=$(cd "$1/openapi" && pwd)
cd "$(dirname "$0")"
. ../../scripts/installing.sh

# The tests use curl to send the requests in docs/service.md.
command -v curl >/dev/null || debian curl curl ca-certificates

python_wanted=$(cat install.sh ../../scripts/installing.sh requirements.txt | cksum)
if [ "$(cat "$out/python-installed" 2>/dev/null)" != "$python_wanted" ]; then
    rm -f "$out/python-installed"
    say "installing the Python client generator into $out"
    virtual_environment "$out/python" requirements.txt
    echo "$python_wanted" >"$out/python-installed"
fi
node_packages "$out" "the OpenAPI validator and TypeScript client generators" validate.mjs
