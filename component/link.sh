#!/bin/sh
# Links the connector's module, and makes it smaller with Binaryen.
#
# `wasm-component-ld` calls it in place of `wasm-ld`, before it makes the
# module into a component. WASM_LD is the linker, BINARYEN the folder with
# Binaryen's programs.
set -eu

"$WASM_LD" "$@"

module=
while [ $# -gt 0 ]; do
    case $1 in
        -o) module=$2; shift ;;
    esac
    shift
done

# What the module was compiled with, which a stripped module does not say.
features="--enable-bulk-memory --enable-multivalue --enable-mutable-globals \
    --enable-nontrapping-float-to-int --enable-reference-types --enable-sign-ext"

# Only what the host calls stays. The functions that free an answer once the
# host has read it go: the instance goes with all its memory right after.
"$BINARYEN/wasm-metadce" $features --graph-file "$(dirname "$0")/exports.json" "$module" -o "$module" >/dev/null
# Control flow is taken apart and built anew, then all else is optimized, twice.
"$BINARYEN/wasm-opt" $features --flatten --rereloop -Oz -Oz "$module" -o "$module"
