//! The backtrace of a connector: function names, if its build kept them.

use rustc_demangle::demangle;
use wasmtime::{FrameInfo, WasmBacktrace};

/// The maximum number of frames that wasmtime records. A panic takes about ten.
pub(crate) const MAX_FRAMES: usize = 64;
/// The maximum number of functions that a failure names.
const MAX_NAMES: usize = 8;
/// The maximum length of a name, in bytes.
const MAX_NAME: usize = 200;
/// The prefixes of Rust's own functions. They are omitted, because the frames of
/// the panic machinery do not show the cause of a panic.
const RUST_INTERNALS: [&str; 8] =
    ["core::", "std::", "alloc::", "<core::", "<std::", "<alloc::", "__rust", "rust_"];

/// The functions that were running, innermost first.
pub(crate) fn functions(error: &wasmtime::Error) -> Option<String> {
    let frames = error.downcast_ref::<WasmBacktrace>()?.frames();
    let names: Vec<String> = frames
        .iter()
        .filter_map(FrameInfo::func_name)
        .map(readable)
        .filter(|name| !RUST_INTERNALS.iter().any(|own| name.starts_with(own)))
        .take(MAX_NAMES)
        .collect();
    (!names.is_empty()).then(|| format!("in {}", names.join(", called by ")))
}

fn readable(name: &str) -> String {
    // The alternate form omits the symbol's hash.
    let mut name = format!("{:#}", demangle(name));
    name.truncate(name.floor_char_boundary(MAX_NAME));
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demangles_and_truncates_names() {
        for (symbol, name) in [
            ("_ZN7greeter5greet17h0123456789abcdefE", "greeter::greet"),
            ("_RNvCs1234_7greeter5greet", "greeter::greet"),
            ("workflow:connector/actions@0.1.0#run", "workflow:connector/actions@0.1.0#run"),
        ] {
            assert_eq!(readable(symbol), name);
        }
        assert_eq!(readable(&"ä".repeat(1_000)).len(), MAX_NAME);
    }
}
