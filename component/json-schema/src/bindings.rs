//! The interface `json-schema` of `wit/`, exported.
#![allow(unsafe_code, missing_docs, clippy::all, reason = "generated; documented in `wit/`")]

wit_bindgen::generate!({
    path: "../../wit",
    inline: "package connector:json-schema;

        world validator {
            export workflow:connector/json-schema@0.1.0;
        }",
    world: "connector:json-schema/validator",
    generate_all,
});

use super::Validator;
export!(Validator);
