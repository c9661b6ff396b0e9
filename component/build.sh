#!/bin/sh
# Builds connectors that are written in Rust.
#
#     component/build.sh                              OpenAI's: <target>/components/openai.wasm
#     component/build.sh FOLDER FILE [CARGO OPTION…]  the package in FOLDER, as FILE
#
# A stable Rust by rustup is all it needs beforehand. It takes the first way
# that works:
#   1. the wasm32-unknown-unknown target is installed, or rustup can install it;
#   2. Debian's rustc-web, cargo-web and rust-web-src build what the component
#      needs of the standard library from source (installed by apt-get if this
#      user may). OpenAI's is 2 KB larger: the outliner finds nothing there.
# Either way the linker is `wasm-component-ld` of the Rust toolchain, which
# turns the module into a component by itself. OpenAI's is made smaller in
# between, by Binaryen (link.sh), a few KB. Binaryen comes
# by npm, and where it cannot be had, the build goes on without it.
set -eu

me=component/build.sh
[ $# != 1 ] || { echo "usage: $me [FOLDER FILE [CARGO OPTION...]]" >&2; exit 2; }

# Where another connector is, and where it goes, before this folder is left.
if [ $# != 0 ]; then
    package=$(cd "$1" && pwd) || exit 1
    mkdir -p "$(dirname "$2")"
    file=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
    shift 2
fi

cd "$(dirname "$0")/.."
mkdir -p "${CARGO_TARGET_DIR:=target}"
target_dir=$(cd "$CARGO_TARGET_DIR" && pwd)
triple=wasm32-unknown-unknown
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

# `wasm-component-ld` calls the linker it is told; `gcc-ld/wasm-ld` is rust-lld
# under the name that makes it link WebAssembly.
linker=$tools/gcc-ld/wasm-ld
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$tools/wasm-component-ld"

# Builds a package: build_package STD OPTION... The first names what is built
# from source where there is no target; the options say which package.
build_package() {
    std=$1
    shift
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Clinker-flavor=wasm-ld -Clink-arg=--wasm-ld-path=$linker ${rust_flags-}"
    set -- rustc "$@" --lib --crate-type cdylib --target $triple --target-dir "$target_dir/guest"
    if has_target; then
        cargo "$@"
        return
    fi
    if ! [ -x /usr/bin/cargo ] || ! [ -e /usr/lib/rustlib/src/rust/library/std/Cargo.toml ]; then
        command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || {
            say "no $triple; hint: run 'rustup target add $triple', or as root 'apt-get install rustc-web cargo-web rust-web-src'"
            exit 1
        }
        say "installing rustc-web, cargo-web and rust-web-src (Debian)"
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
            rustc-web cargo-web rust-web-src; } >&2
    fi
    RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
        /usr/bin/cargo "$@" "-Zbuild-std=$std" -Zbuild-std-features=optimize_for_size
}

# Takes out what nothing reads: finish MODULE FILE
finish() {
    rustc --edition 2024 -o "$target_dir/guest/strip" component/strip.rs
    "$target_dir/guest/strip" "$target_dir/guest/$triple/$1.wasm" "$2"
}

if [ -n "${package-}" ]; then
    # Small first, whatever the package says of its release profile; with the
    # names of functions, by which the host says where a connector failed.
    export CARGO_PROFILE_RELEASE_OPT_LEVEL=s CARGO_PROFILE_RELEASE_LTO=true \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_PANIC=abort \
        CARGO_PROFILE_RELEASE_STRIP=debuginfo
    build_package std,panic_abort --manifest-path "$package/Cargo.toml" --release "$@"
    name=$(sed -n 's/^name *= *"\(.*\)".*/\1/p' "$package/Cargo.toml" | head -n 1 | tr - _)
    cp "$target_dir/guest/$triple/release/$name.wasm" "$file"
    exit
fi

# Installs Binaryen at the version of package-lock.json, if it is not there yet.
install_binaryen() {
    out=$target_dir/guest/binaryen
    wanted=$(cksum <component/binaryen/package-lock.json)
    [ "$(cat "$out/installed" 2>/dev/null)" != "$wanted" ] || return 0
    say "installing Binaryen into $out"
    mkdir -p "$out" && (cd component/binaryen && node_modules "$out") && echo "$wanted" >"$out/installed"
}

if (install_binaryen); then
    export WASM_LD="$linker" BINARYEN="$target_dir/guest/binaryen/node_modules/binaryen/bin"
    linker=$PWD/component/link.sh
else
    say "going on without Binaryen: the component is larger"
fi

# `-ir-outliner` makes functions of code that occurs several times.
rust_flags=-Cllvm-args=-ir-outliner
build_package core,alloc --package openai-connector --profile guest --locked
mkdir -p "$target_dir/components"
finish guest/openai_connector "$target_dir/components/openai.wasm"
