#!/bin/sh
# Builds the service's page.
#
#     host/ui/build.sh TARGET
#
# The page goes to TARGET/ui/dist, which the host embeds in its binary; the build
# tools go to TARGET/ui. Nothing is written to the source folder. A second run does
# nothing unless a source has changed. If Node.js or npm is missing, apt-get
# installs it, if this user may install packages.
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
    say "installing the page's build tools into $out"
    node_modules "$out"
    echo "$wanted" >"$out/installed"
fi

# Names as well as contents, to notice files that were moved or removed.
sources=$(find build.mjs index.html src -type f | LC_ALL=C sort)
built=$(echo "$wanted" | cat - $sources | cksum)$(echo "$sources" | cksum)
if [ "$(cat "$out/built" 2>/dev/null)" = "$built" ] && [ -d "$out/dist" ]; then
    exit 0
fi
rm -f "$out/built"
say "building the page into $out/dist"
node build.mjs "$out"
echo "$built" >"$out/built"
