//! Validation against a JSON Schema (`wit/json-schema.wit`), which the host
//! does, so that a connector need not bring a validator.

use std::fmt;

use crate::host;

pub use crate::bindings::workflow::connector::json_schema::{Invalid, Violation};

/// Validates. Both are JSON: a [`Value`](serde_json::Value) or JSON text.
pub fn validate(schema: impl fmt::Display, instance: impl fmt::Display) -> Result<(), Invalid> {
    host::validate(&schema.to_string(), &instance.to_string())
}

impl Invalid {
    /// The reasons in one line.
    pub fn reasons(&self) -> String {
        match self {
            Self::Schema(reason) | Self::NotJson(reason) => reason.clone(),
            Self::Instance(violations) => {
                let reasons = violations.iter().map(|one| format!("{}: {}", one.path, one.message));
                reasons.collect::<Vec<_>>().join("; ")
            }
        }
    }
}
