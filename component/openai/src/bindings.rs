//! The Rust side of `wit/`, generated. Besides the allocator, the generated
//! glue is the one place in the connector with `unsafe` code.
#![allow(unsafe_code, missing_docs, clippy::all, reason = "it is generated; `wit/` documents it")]

wit_bindgen::generate!({ path: "../../wit", world: "connector" });

use super::Openai;
export!(Openai);
