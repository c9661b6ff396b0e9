#!/bin/sh
# Installs the toolchain for connectors, if it is missing: the target
# wasm32-unknown-unknown with rustup or, if rustup cannot fetch it, Debian's
# rustc-web, cargo-web and rust-web-src (as root).
set -eu

me=scripts/setup.sh
cd "$(dirname "$0")/.."
. scripts/installing.sh
. scripts/wasm.sh

if has_target || has_debian; then
    exit
fi
if command -v rustup >/dev/null; then
    say "installing $triple (rustup)"
    rustup target add $triple >/dev/null 2>&1 && exit
    say "rustup cannot fetch $triple"
fi
debian "a Rust toolchain for WebAssembly" rustc-web cargo-web rust-web-src
