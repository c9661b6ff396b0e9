#!/bin/sh
# Builds the connector: component/ -> <target>/components/openai.wasm.
#
# A stable Rust by rustup is all it needs beforehand. It takes the first way
# that works:
#   1. the wasm32-unknown-unknown target is installed, or rustup can install it;
#   2. Debian's rustc-web, cargo-web and rust-web-src build what the component
#      needs of the standard library from source (installed by apt-get if this
#      user may). The component is 2 KB larger: the outliner finds nothing there.
# Either way the linker is `wasm-component-ld` of the Rust toolchain, which
# turns the module into a component by itself. In between Binaryen makes the
# module smaller (link.sh): the component has 119 KB instead of 126. It comes by
# npm, and where it cannot be had, the build goes on without it.
set -eu

cd "$(dirname "$0")/.."
mkdir -p "${CARGO_TARGET_DIR:=target}"
target_dir=$(cd "$CARGO_TARGET_DIR" && pwd)
triple=wasm32-unknown-unknown
me=component/build.sh
. tests/installing.sh

command -v rustc >/dev/null || { say "no rustc on PATH; hint: install Rust from https://rustup.rs"; exit 1; }
sysroot=$(rustc --print sysroot)
host=$(rustc -vV | sed -n 's/^host: //p')
tools=$sysroot/lib/rustlib/$host/bin
[ -x "$tools/wasm-component-ld" ] || {
    say "the toolchain in $sysroot has no wasm-component-ld; hint: use Rust 1.95 or newer from rustup"
    exit 1
}

has_target() { [ -n "$(ls "$sysroot/lib/rustlib/$triple/lib/"libstd-*.rlib 2>/dev/null)" ]; }

if ! has_target && command -v rustup >/dev/null; then
    rustup target add $triple >/dev/null 2>&1 || say "rustup cannot fetch $triple; trying Debian's packages"
fi

# Installs Binaryen at the version of package-lock.json, if it is not there yet.
install_binaryen() {
    out=$target_dir/guest/binaryen
    wanted=$(cksum <component/binaryen/package-lock.json)
    [ "$(cat "$out/installed" 2>/dev/null)" != "$wanted" ] || return 0
    say "installing Binaryen into $out"
    mkdir -p "$out" && (cd component/binaryen && node_modules "$out") && echo "$wanted" >"$out/installed"
}

# `wasm-component-ld` calls the linker it is told; `gcc-ld/wasm-ld` is rust-lld
# under the name that makes it link WebAssembly.
linker=$tools/gcc-ld/wasm-ld
if (install_binaryen); then
    export WASM_LD="$linker" BINARYEN="$target_dir/guest/binaryen/node_modules/binaryen/bin"
    linker=$PWD/component/link.sh
else
    say "going on without Binaryen: the component is larger"
fi
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$tools/wasm-component-ld"
# `-ir-outliner` makes functions of code that occurs several times.
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Clinker-flavor=wasm-ld -Clink-arg=--wasm-ld-path=$linker -Cllvm-args=-ir-outliner"

build() {
    "$@" --package openai-connector --target $triple --profile guest --locked --target-dir "$target_dir/guest"
}

if has_target; then
    compiler=rustup
    build cargo rustc --lib --crate-type cdylib
else
    if ! [ -x /usr/bin/cargo ] || ! [ -e /usr/lib/rustlib/src/rust/library/std/Cargo.toml ]; then
        command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || {
            say "no $triple; hint: run 'rustup target add $triple', or as root 'apt-get install rustc-web cargo-web rust-web-src'"
            exit 1
        }
        say "installing rustc-web, cargo-web and rust-web-src (Debian)"
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
            rustc-web cargo-web rust-web-src; } >&2
    fi
    compiler=debian
    RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
        build /usr/bin/cargo rustc --lib --crate-type cdylib -Zbuild-std=core,alloc -Zbuild-std-features=optimize_for_size
fi

# Which one it was: how many instructions a run takes depends on it.
echo $compiler >"$target_dir/guest/compiler"

mkdir -p "$target_dir/components"
rustc --edition 2024 -o "$target_dir/guest/strip" component/strip.rs
"$target_dir/guest/strip" "$target_dir/guest/$triple/guest/openai_connector.wasm" "$target_dir/components/openai.wasm"
