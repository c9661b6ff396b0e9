#!/bin/sh
# Installs the NATS server, as Debian has it, for the tests of the worker.
#
#     tests/nats/install.sh
#
# It does nothing where it is there.
set -eu

me=tests/nats/install.sh
[ $# = 0 ] || { echo "usage: $me" >&2; exit 2; }

cd "$(dirname "$0")"
. ../../scripts/installing.sh

command -v nats-server >/dev/null || [ -x /usr/sbin/nats-server ] || debian "The NATS server" nats-server
