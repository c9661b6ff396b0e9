#!/bin/sh
# Installs what the tests of the web page need, from Debian: Chromium,
# ChromeDriver and a font.
#
#     tests/browser/install.sh
#
# Does nothing if Chromium and ChromeDriver are already installed.
set -eu

me=tests/browser/install.sh
[ $# = 0 ] || { echo "usage: $me" >&2; exit 2; }

cd "$(dirname "$0")"
. ../../scripts/installing.sh

if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
    debian "Chromium with its driver" chromium chromium-driver fonts-dejavu-core
fi
