//! The Rust side of `wit/`, generated.
#![allow(unsafe_code, missing_docs, clippy::all, reason = "it is generated; `wit/` documents it")]

wit_bindgen::generate!({ path: "../../wit", world: "connector" });

use super::Anthropic;
export!(Anthropic);
