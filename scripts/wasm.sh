# Locates the Rust toolchain for WebAssembly. Sourced by other scripts.

triple=wasm32-unknown-unknown

command -v rustc >/dev/null || { say "no rustc on PATH; hint: install Rust from https://rustup.rs"; exit 1; }
sysroot=$(rustc --print sysroot)

has_target() { [ -n "$(ls "$sysroot/lib/rustlib/$triple/lib/"libstd-*.rlib 2>/dev/null)" ]; }

# Debian's packages, which build the standard library from source.
has_debian() { [ -x /usr/bin/cargo ] && [ -e /usr/lib/rustlib/src/rust/library/std/Cargo.toml ]; }
