#!/bin/sh
# Builds a connector written in Rust:
#
#     scripts/build-connector.sh FOLDER FILE [CARGO OPTION...]
#
# FOLDER is its package, FILE the component to write. This needs stable Rust and the
# target that scripts/setup.sh installs. The linker is the Rust toolchain's
# `wasm-component-ld`, which turns a module into a component.
set -eu

me=scripts/build-connector.sh
[ $# -ge 2 ] || { echo "usage: $me FOLDER FILE [CARGO OPTION...]" >&2; exit 2; }

package=$(cd "$1" && pwd)
mkdir -p "$(dirname "$2")"
file=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
shift 2

cd "$(dirname "$0")/.."
mkdir -p "${CARGO_TARGET_DIR:=target}"
guest=$(cd "$CARGO_TARGET_DIR" && pwd)/guest
. scripts/installing.sh
. scripts/wasm.sh

tools=$sysroot/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
[ -x "$tools/wasm-component-ld" ] || {
    say "the toolchain in $sysroot has no wasm-component-ld; hint: use Rust 1.95 or newer from rustup"
    exit 1
}
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$tools/wasm-component-ld"
# `gcc-ld/wasm-ld` is rust-lld, which links WebAssembly when invoked under that name.
# `--remap-path-prefix` keeps the path of Cargo's folder out of the component.
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Clinker-flavor=wasm-ld -Clink-arg=--wasm-ld-path=$tools/gcc-ld/wasm-ld --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo ${GUEST_RUSTFLAGS-}"
# Overrides the package's release profile. Keeps the names of functions, because
# the host uses them to report where a connector failed.
export CARGO_PROFILE_RELEASE_OPT_LEVEL=${GUEST_OPT_LEVEL-3} CARGO_PROFILE_RELEASE_LTO=true \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_PANIC=abort \
    CARGO_PROFILE_RELEASE_STRIP=${GUEST_STRIP-debuginfo}

set -- rustc --manifest-path "$package/Cargo.toml" --release "$@" \
    --lib --crate-type cdylib --target $triple --target-dir "$guest"
if has_target; then
    cargo "$@"
elif has_debian; then
    RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 /usr/bin/cargo "$@" \
        -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size
else
    say "no toolchain for $triple; hint: run scripts/setup.sh"
    exit 1
fi

name=$(sed -n 's/^name *= *"\(.*\)".*/\1/p' "$package/Cargo.toml" | head -n 1 | tr - _)
cp "$guest/$triple/release/$name.wasm" "$file"
