//! IDs that become part of a path.

use connector_sdk::{Failure, Result};

/// What an ID consists of, as a pattern for forms.
pub const ID: &str = "[A-Za-z0-9_-]+";

/// The path of an object, such as `/responses/resp_1`. `property` contains its ID.
/// Any other character could lead to another path.
pub fn path(collection: &str, property: &str, id: &str) -> Result<String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !id.is_empty() && id.bytes().all(is_allowed) {
        return Ok(format!("{collection}/{id}"));
    }
    let message = format!("`{property}` must be an ID: letters, digits, `_` and `-`");
    Err(Failure::invalid_input(property, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_lead_to_another_path() {
        assert_eq!(path("/responses", "responseId", "resp_0-A").unwrap(), "/responses/resp_0-A");
        for id in [
            "",
            " ",
            ".",
            "..",
            "../models",
            "a/b",
            "a\\b",
            "a?b",
            "a#b",
            "%2e%2e",
            "a%2fb",
            "a;b",
            "a b",
            "a\n",
            "a\0",
            "ä",
            "a:b",
            "a.b",
        ] {
            let failure = path("/responses", "responseId", id).unwrap_err();
            assert_eq!(failure.property.as_deref(), Some("responseId"), "{id:?}");
            assert!(!failure.request_sent);
        }
    }
}
