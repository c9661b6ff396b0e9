#!/bin/sh
# Installs the NATS server from Debian and the Python client that the guide uses,
# for the tests of the worker.
#
#     tests/nats/install.sh TARGET
#
# Installs the client into TARGET/nats. Does nothing if both are installed.
set -eu

me=tests/nats/install.sh
[ $# = 1 ] || { echo "usage: $me TARGET" >&2; exit 2; }

mkdir -p "$1/nats"
out=$(cd "$1/nats" && pwd)
cd "$(dirname "$0")"
. ../../scripts/installing.sh

command -v nats-server >/dev/null || [ -x /usr/sbin/nats-server ] || debian "The NATS server" nats-server

wanted=$(cat install.sh ../../scripts/installing.sh requirements.txt | cksum)
[ "$(cat "$out/installed" 2>/dev/null)" != "$wanted" ] || exit 0
rm -f "$out/installed"
say "installing the NATS Python client into $out"
virtual_environment "$out/venv" requirements.txt
echo "$wanted" >"$out/installed"
