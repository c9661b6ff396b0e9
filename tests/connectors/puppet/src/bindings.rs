//! The generated Rust bindings of `wit/`.
#![allow(unsafe_code, missing_docs, clippy::all, reason = "generated; documented in `wit/`")]

wit_bindgen::generate!({ path: "../../../wit", world: "connector" });

use super::Puppet;
export!(Puppet);
