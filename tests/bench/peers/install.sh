#!/bin/sh
# Installs what the connector is measured against and what it is measured with:
# the official clients of OpenAI for Node and Python, the OpenAI piece of
# Activepieces, Node-RED; curl, GNU time and wrk.
#
#     tests/bench/peers/install.sh TARGET
#
# Everything goes to TARGET/bench, 250 MB. Run again, it does nothing unless
# one of the files beside it has changed. Node.js with npm, Python 3 with venv
# and the programs are installed by apt-get where they are missing and this
# user may.
set -eu

me=tests/bench/peers/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/bench"
out=$(cd "$1/bench" && pwd)
cd "$(dirname "$0")"
. ../../../scripts/installing.sh
wanted=$(cat install.sh ../../../scripts/installing.sh package-lock.json requirements.txt ./*.cjs ./*.mjs ./*.py | cksum)

# GNU time is no builtin, and `command` finds that one first.
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
