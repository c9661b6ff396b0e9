#!/bin/sh
# Installs what judges the connector's requests: the mock server Steady, and
# OpenAI's description of its API, cut to what the connector uses.
#
#     tests/steady/install.sh TARGET
#
# Everything goes to TARGET/steady. Run again, it does nothing unless one of
# the files beside it has changed. Node.js with npm and Python 3 with venv are
# installed by apt-get where they are missing and this user may.
set -eu

[ $# = 1 ] || { echo "usage: tests/steady/install.sh TARGET" >&2; exit 2; }
say() { echo "tests/steady/install.sh: $*" >&2; }

mkdir -p "$1/steady"
out=$(cd "$1/steady" && pwd)
cd "$(dirname "$0")"
wanted=$(cat install.sh package-lock.json requirements.txt slice.py | cksum)

has_steady() {
    for program in "$out"/node_modules/@stdy/cli-*/bin/steady; do
        [ -x "$program" ] && return
    done
}
if [ "$(cat "$out/installed" 2>/dev/null)" = "$wanted" ] && [ -s "$out/openai.json" ] && has_steady; then
    exit 0
fi
rm -f "$out/installed"

has_npm() { command -v node >/dev/null && command -v npm >/dev/null; }
has_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

missing=
has_npm || missing="nodejs npm"
has_venv || missing="$missing python3 python3-venv"
if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        say "Node.js with npm and Python 3 with venv are needed; hint: as root, 'apt-get install" $missing"'"
        exit 1
    fi
    say "installing" $missing "(Debian)"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >&2
fi

say "installing Steady and OpenAI's API description into $out"
cp package.json package-lock.json "$out"
(cd "$out" && npm ci --ignore-scripts --include=optional --no-audit --no-fund --loglevel=error >/dev/null)
has_steady || { say "there is no Steady for this kind of machine"; exit 1; }
python3 -m venv --clear "$out/venv"
"$out/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.txt >&2
"$out/venv/bin/python" slice.py "$out/openai.json"
echo "$wanted" >"$out/installed"
