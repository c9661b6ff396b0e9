//! Linker settings for the component, but not for a native build.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        // References can be nested, and the crate follows them recursively.
        println!("cargo::rustc-link-arg=-zstack-size=8388608");
    }
}
