//! The Rust side of `wit/`, generated. What authors use of it has other names
//! in this crate; [`crate::export!`] alone refers to it by its path.
#![allow(unsafe_code, missing_docs, clippy::all, reason = "it is generated; `wit/` documents it")]
#![allow(unused_qualifications, reason = "it is generated")]

wit_bindgen::generate!({
    path: "wit",
    world: "connector",
    pub_export_macro: true,
    default_bindings_module: "connector_sdk::bindings",
});
