#!/bin/sh
# Builds the page of the service.
#
#     host/ui/build.sh TARGET
#
# The page goes to TARGET/ui/dist, from where the host takes it into its
# binary; what it is built with goes to TARGET/ui. Nothing is written beside
# the sources. Run again, it does nothing unless one of them has changed.
# Node.js with npm is installed by apt-get where it is missing and this user may.
set -eu

me=host/ui/build.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/ui"
out=$(cd "$1/ui" && pwd)
cd "$(dirname "$0")"
. ../../scripts/installing.sh

wanted=$(cat build.sh ../../scripts/installing.sh package-lock.json | cksum)
if [ "$(cat "$out/installed" 2>/dev/null)" != "$wanted" ] || [ ! -d "$out/node_modules" ]; then
    rm -f "$out/installed" "$out/built"
    say "installing what the page is built with into $out"
    node_modules "$out"
    echo "$wanted" >"$out/installed"
fi

# Names as well as contents, so that a file that is moved or removed counts.
sources=$(find build.mjs index.html src -type f | LC_ALL=C sort)
built=$(echo "$wanted" | cat - $sources | cksum)$(echo "$sources" | cksum)
if [ "$(cat "$out/built" 2>/dev/null)" = "$built" ] && [ -d "$out/dist" ]; then
    exit 0
fi
rm -f "$out/built"
say "building the page into $out/dist"
node build.mjs "$out"
echo "$built" >"$out/built"
