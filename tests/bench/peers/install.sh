#!/bin/sh
# Installs the programs that the benchmarks compare the connector with, and the
# tools that the benchmarks need: OpenAI's official clients for Node and Python,
# the OpenAI piece of Activepieces, Node-RED; curl, GNU time and wrk.
#
#     tests/bench/peers/install.sh TARGET
#
# Installs 250 MB into TARGET/bench. Running it again does nothing unless a file
# in this folder has changed. Missing programs, Node.js with npm, and Python 3
# with venv are installed with apt-get if the user has permission.
set -eu

me=tests/bench/peers/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/bench"
out=$(cd "$1/bench" && pwd)
cd "$(dirname "$0")"
. ../../../scripts/installing.sh
wanted=$(cat install.sh ../../../scripts/installing.sh package-lock.json requirements.txt ./*.cjs ./*.mjs ./*.py | cksum)

# `command` would find the shell's builtin instead of GNU time.
if ! command -v curl >/dev/null || ! command -v wrk >/dev/null || ! [ -x /usr/bin/time ]; then
    debian "curl, GNU time and wrk" curl time wrk
fi
if [ "$(cat "$out/installed" 2>/dev/null)" = "$wanted" ] && [ -d "$out/node_modules" ]; then
    exit 0
fi
rm -f "$out/installed"

say "installing the peers into $out"
node_modules "$out"
virtual_environment "$out/venv" requirements.txt
cp ./*.cjs ./*.mjs ./*.py "$out"
echo "$wanted" >"$out/installed"
