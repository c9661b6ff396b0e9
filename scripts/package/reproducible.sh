#!/bin/sh
# Runs a build, and keeps this machine's paths out of its output, so that the same
# source produces the same bytes in any folder:
#
#     scripts/package/reproducible.sh TARGET COMMAND [ARGUMENT...]
set -eu

mkdir -p "$1"
target=$(realpath "$1")
shift
root=$(cd "$(dirname "$0")/../.." && pwd)
crates=${CARGO_HOME:-$HOME/.cargo}

# The last matching prefix takes precedence. The separator allows spaces in paths.
separator=$(printf '\037')
export CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=$root=/source${separator}--remap-path-prefix=$target=/target${separator}--remap-path-prefix=$crates=/cargo"
export CFLAGS="${CFLAGS-} -ffile-prefix-map=$root=/source -ffile-prefix-map=$target=/target -ffile-prefix-map=$crates=/cargo"
exec "$@"
