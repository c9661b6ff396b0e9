//! Where a connector failed: the names of its functions, if its build kept them.

use rustc_demangle::demangle;
use wasmtime::{FrameInfo, WasmBacktrace};

/// Frames that wasmtime records; a panic alone takes about ten.
pub(crate) const MAX_FRAMES: usize = 64;
/// Functions that a failure names.
const MAX_NAMES: usize = 8;
/// Bytes of a name.
const MAX_NAME: usize = 200;
/// What the names of Rust's own functions begin with: how a panic gets to its
/// end says nothing about its cause.
const RUSTS_OWN: [&str; 8] =
    ["core::", "std::", "alloc::", "<core::", "<std::", "<alloc::", "__rust", "rust_"];

/// The functions that were running, innermost first.
pub(crate) fn functions(error: &wasmtime::Error) -> Option<String> {
    let frames = error.downcast_ref::<WasmBacktrace>()?.frames();
    let names: Vec<String> = frames
        .iter()
        .filter_map(FrameInfo::func_name)
        .map(readable)
        .filter(|name| !RUSTS_OWN.iter().any(|own| name.starts_with(own)))
        .take(MAX_NAMES)
        .collect();
    (!names.is_empty()).then(|| format!("in {}", names.join(", called by ")))
}

fn readable(name: &str) -> String {
    // Without the hash that tells two of the same name apart.
    let mut name = format!("{:#}", demangle(name));
    name.truncate(name.floor_char_boundary(MAX_NAME));
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_their_authors_wrote_them() {
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
