#!/bin/sh
# Checks dependencies (deny.toml): licenses, sources, duplicates and, if the
# advisory database can be fetched, security advisories. audit.sh TARGET
#
# Builds the tool once, into TARGET/tools.
set -eu

version=0.20.2
tools=$1/tools
deny=$tools/bin/cargo-deny

if [ "$("$deny" --version 2>/dev/null)" != "cargo-deny $version" ]; then
    cargo install cargo-deny --version "$version" --locked --quiet --root "$tools"
fi
"$deny" --locked check --hide-inclusion-graph licenses bans sources
if "$deny" fetch db >/dev/null 2>&1; then
    "$deny" --locked check --hide-inclusion-graph --disable-fetch advisories
else
    echo "advisories SKIPPED: cannot fetch the advisory database" >&2
fi
