//! Parses a JSON object that a caller sent, one member at a time.
//!
//! An error names the member and the expected type. It does not repeat the
//! value, which may be a misplaced secret; serde's errors would.

use serde_json::{Map, Value};

/// The members that have not been taken yet.
pub struct Members(Map<String, Value>);

impl Members {
    /// # Errors
    /// If a member is unknown.
    pub fn new(given: Map<String, Value>, known: &[&str]) -> Result<Self, String> {
        match given.keys().find(|name| !known.contains(&name.as_str())) {
            Some(other) => {
                let other: String = other.escape_debug().take(40).collect();
                let known = known.join("`, `");
                Err(format!("unknown member `{other}`; expected one of: `{known}`"))
            }
            None => Ok(Self(given)),
        }
    }

    /// Takes a member of any type. `null` counts as missing.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// Takes an object, which is empty if missing.
    ///
    /// # Errors
    /// If it has another type.
    pub fn object(&mut self, name: &str) -> Result<Map<String, Value>, String> {
        match self.take(name) {
            None => Ok(Map::new()),
            Some(Value::Object(object)) => Ok(object),
            Some(_) => Err(format!("`{name}` must be an object")),
        }
    }

    /// Takes an optional string.
    ///
    /// # Errors
    /// If it has another type.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("`{name}` must be a string")),
        }
    }

    /// Takes a required string.
    ///
    /// # Errors
    /// If it is missing or has another type.
    pub fn required_text(&mut self, name: &str) -> Result<String, String> {
        self.text(name)?.ok_or_else(|| format!("`{name}` is required"))
    }

    /// Takes a boolean.
    ///
    /// # Errors
    /// If it has another type.
    pub fn flag(&mut self, name: &str, default: bool) -> Result<bool, String> {
        match self.take(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(format!("`{name}` must be true or false")),
        }
    }
}
