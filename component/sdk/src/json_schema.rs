//! JSON Schema validation by the host (`wit/json-schema.wit`), so that a
//! connector does not need its own validator.

use std::fmt;

use crate::host;

pub use crate::bindings::workflow::connector::json_schema::{Invalid, Violation};

/// Validates an instance. Both arguments are JSON: a
/// [`Value`](serde_json::Value) or JSON text.
pub fn validate(schema: impl fmt::Display, instance: impl fmt::Display) -> Result<(), Invalid> {
    host::validate(&schema.to_string(), &instance.to_string())
}

impl Invalid {
    /// Returns the reasons on one line.
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
