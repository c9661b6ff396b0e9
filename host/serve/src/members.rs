//! The members of a JSON object that a caller sends, taken out one by one.
//!
//! An error is a sentence that names the member and what is expected. It repeats
//! no value, which may be a misplaced secret: serde's errors would.

use serde_json::{Map, Value};

/// The members that were not taken yet.
pub struct Members(Map<String, Value>);

impl Members {
    /// # Errors
    /// If there is one that is not known.
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

    /// A member of any type. `null` is none.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// An object, empty if it was left out.
    ///
    /// # Errors
    /// If it is something else.
    pub fn object(&mut self, name: &str) -> Result<Map<String, Value>, String> {
        match self.take(name) {
            None => Ok(Map::new()),
            Some(Value::Object(object)) => Ok(object),
            Some(_) => Err(format!("`{name}` must be an object")),
        }
    }

    /// A text, if there is one.
    ///
    /// # Errors
    /// If it is something else.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("`{name}` must be a text")),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// If it is not, or is something else.
    pub fn required_text(&mut self, name: &str) -> Result<String, String> {
        self.text(name)?.ok_or_else(|| format!("`{name}` is required"))
    }

    /// Yes or no.
    ///
    /// # Errors
    /// If it is something else.
    pub fn flag(&mut self, name: &str, default: bool) -> Result<bool, String> {
        match self.take(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(format!("`{name}` must be true or false")),
        }
    }
}
