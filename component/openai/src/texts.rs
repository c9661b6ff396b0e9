//! Lists of texts, each of which gets its own result.

use connector_sdk::{Failure, Result};

/// Rejects empty texts. The property table allows them, because without them the
/// results would no longer match the texts.
pub fn check(property: &str, texts: &[String]) -> Result<()> {
    match texts.iter().position(String::is_empty) {
        Some(index) => {
            let property = format!("{property}[{index}]");
            let message = format!("`{property}` must not be empty");
            Err(Failure::invalid_input(property, message))
        }
        None => Ok(()),
    }
}
