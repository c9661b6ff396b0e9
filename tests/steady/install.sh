#!/bin/sh
# Installs the tools that validate the connector's requests: the mock server
# Steady, and OpenAI's API description, reduced to the parts that the connector uses.
#
#     tests/steady/install.sh TARGET
#
# Installs into TARGET/steady. Running it again does nothing unless a file in
# this folder has changed. Node.js with npm and Python 3 with venv are installed
# with apt-get if they are missing and the user has permission.
set -eu

me=tests/steady/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/steady"
out=$(cd "$1/steady" && pwd)
cd "$(dirname "$0")"
. ../../scripts/installing.sh
wanted=$(cat install.sh ../../scripts/installing.sh package-lock.json requirements.txt slice.py | cksum)

has_steady() {
    for program in "$out"/node_modules/@stdy/cli-*/bin/steady; do
        [ -x "$program" ] && return
    done
}
if [ "$(cat "$out/installed" 2>/dev/null)" = "$wanted" ] && [ -s "$out/openai.json" ] && has_steady; then
    exit 0
fi
rm -f "$out/installed"

say "installing Steady and OpenAI's API description into $out"
node_modules "$out"
has_steady || { say "Steady does not support this platform"; exit 1; }
virtual_environment "$out/venv" requirements.txt
"$out/venv/bin/python" slice.py "$out/openai.json"
echo "$wanted" >"$out/installed"
