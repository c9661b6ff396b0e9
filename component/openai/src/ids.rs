//! IDs as segments of a path.

use connector_sdk::{Failure, Result};

/// Returns the ID given for a property. An ID that could reach another path is
/// rejected.
pub fn checked<'a>(property: &str, id: &'a str, example: &str) -> Result<&'a str> {
    let id = id.trim();
    if is_segment(id) {
        return Ok(id);
    }
    let message = format!(
        "`{property}` must be an ID such as {example}, made up of letters, digits, `-`, `_`, `.` \
         and `:` (got `{}`)",
        id.escape_debug()
    );
    Err(Failure::invalid_input(property, message))
}

/// The path of an object, such as `/responses/resp_1`. `property` contains its ID.
pub fn path(collection: &str, property: &str, id: &str, example: &str) -> Result<String> {
    Ok(format!("{collection}/{}", checked(property, id, example)?))
}

/// Whether a text is a single path segment no matter how often it is decoded, and
/// not `.` or `..`.
pub fn is_segment(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    text.bytes().all(is_plain) && !text.bytes().all(|byte| byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_what_could_reach_another_path() {
        for id in ["file-abc123", "file_1", "ft:gpt-4o:org::9.x", " file-1\n", "a..b", ".a"] {
            assert_eq!(checked("fileId", id, "file-abc123").unwrap(), id.trim());
        }
        for id in [
            "",
            " ",
            ".",
            "..",
            "...",
            "../x",
            "a/b",
            "/a",
            "a\\b",
            "a?b",
            "a#b",
            "a%2fb",
            "%2e%2e",
            "a%00",
            "a\0b",
            "a\r\nb",
            "a b",
            "a;b",
            "ü",
            "a@b",
            "https://a",
            "{id}",
        ] {
            let failure = checked("fileId", id, "file-abc123").unwrap_err();
            assert_eq!(failure.property.as_deref(), Some("fileId"), "{id:?}");
            assert!(failure.message.starts_with("`fileId` must be an ID such as"), "{failure}");
            assert!(!failure.message.contains(char::is_control), "{failure}");
        }
    }
}
