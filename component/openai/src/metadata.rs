//! The key-value pairs that the provider keeps with an object.

use std::collections::BTreeMap;

use connector_sdk::{Failure, Result};

/// The maximum number of characters in a key.
const MAX_KEY: usize = 64;

/// Checks what the property table of `metadata` cannot express.
pub fn check_keys(metadata: &BTreeMap<String, String>) -> Result<()> {
    match metadata.keys().find(|key| !(1..=MAX_KEY).contains(&key.chars().count())) {
        None => Ok(()),
        Some(key) => {
            let message =
                format!("each key of `metadata` must have 1 to {MAX_KEY} characters (got `{key}`)");
            Err(Failure::invalid_input("metadata", message))
        }
    }
}
