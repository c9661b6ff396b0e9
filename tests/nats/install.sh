#!/bin/sh
# Installs the NATS server from Debian, for the tests of the worker.
#
#     tests/nats/install.sh
#
# Does nothing if it is already installed.
set -eu

me=tests/nats/install.sh
[ $# = 0 ] || { echo "usage: $me" >&2; exit 2; }

cd "$(dirname "$0")"
. ../../scripts/installing.sh

command -v nats-server >/dev/null || [ -x /usr/sbin/nats-server ] || debian "The NATS server" nats-server
