#!/bin/sh
# Freezes the current contract: copies wit/ to wit/releases/VERSION, where VERSION
# is its package version. From then on, tests/integration/contract/versions.rs
# fails if wit/ changes without the required new version.
set -eu

cd "$(dirname "$0")/../wit"
version=$(sed -n 's/^package workflow:connector@\(.*\);$/\1/p' world.wit)
release=releases/$version
[ -n "$version" ] || { echo "wit/world.wit has no version" >&2; exit 1; }
[ ! -e "$release" ] || { echo "wit/$release already exists and must not change" >&2; exit 1; }
mkdir -p "$release"
cp ./*.wit "$release"
echo "froze wit/ as wit/$release"
