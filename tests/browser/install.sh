#!/bin/sh
# Installs the browser that works with the page, and what drives it:
# Chromium and ChromeDriver, as Debian has them, with a font to write in.
#
#     tests/browser/install.sh
#
# It does nothing where both are there.
set -eu

me=tests/browser/install.sh
[ $# = 0 ] || { echo "usage: $me" >&2; exit 2; }

cd "$(dirname "$0")"
. ../../scripts/installing.sh

if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
    debian "Chromium with its driver" chromium chromium-driver fonts-dejavu-core
fi
