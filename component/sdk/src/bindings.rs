//! Bindings generated from `wit/`. Authors use the wrappers and re-exports of
//! this crate; only [`crate::export!`] refers to this module.
#![allow(unsafe_code, missing_docs, clippy::all, reason = "generated; documented in `wit/`")]
#![allow(unused_qualifications, reason = "generated")]

wit_bindgen::generate!({
    path: "wit",
    world: "connector",
    pub_export_macro: true,
    default_bindings_module: "connector_sdk::bindings",
});
