//! Linker arguments of the component.

fn main() {
    // 64 KiB of stack instead of 1 MiB: fewer pages of memory to reset between
    // runs. It is enough for JSON nested as deeply as it is read, which
    // `deeply_nested_json_is_no_trap` in the tests shows.
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        println!("cargo::rustc-link-arg=-zstack-size=65536");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
