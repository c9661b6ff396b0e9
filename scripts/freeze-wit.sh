#!/bin/sh
# Freezes the contract as it is: copies wit/ to wit/releases/VERSION, VERSION
# being that of its package. From then on tests/integration/contract/versions.rs
# refuses a change of wit/ without the version that the change needs.
set -eu

cd "$(dirname "$0")/../wit"
version=$(sed -n 's/^package workflow:connector@\(.*\);$/\1/p' world.wit)
release=releases/$version
[ -n "$version" ] || { echo "wit/world.wit names no version" >&2; exit 1; }
[ ! -e "$release" ] || { echo "wit/$release is there already, and is never changed" >&2; exit 1; }
mkdir -p "$release"
cp ./*.wit "$release"
echo "froze wit/ as wit/$release"
