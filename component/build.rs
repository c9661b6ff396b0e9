//! Linker settings of the component, which a native build does not have.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=exports.json");
    println!("cargo::rerun-if-changed=link.sh");
    if env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        // Addresses in the code take the bytes that they need and not always
        // five, which saves a tenth of the component. Needs `strip`.
        println!("cargo::rustc-link-arg=--compress-relocations");
        // 64 KiB of stack instead of 1 MiB: fewer pages of memory to reset
        // between runs. It is enough for JSON nested as deeply as it is read,
        // as `deeply_nested_json_is_no_trap` in the tests shows.
        println!("cargo::rustc-link-arg=-zstack-size=65536");
    }
}
