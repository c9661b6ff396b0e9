//! Parses JSON as providers and models write it.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

/// Parses JSON like [`serde_json::from_str`], but replaces lone surrogates with
/// U+FFFD. A program that truncates text inside an emoji writes a lone `\ud83d`.
///
/// ```
/// let text: String = connector_sdk::json::from_str(r#""cut: \ud83d""#).unwrap();
/// assert_eq!(text, "cut: \u{fffd}");
/// ```
pub fn from_str<T: DeserializeOwned>(json: &str) -> serde_json::Result<T> {
    serde_json::from_str(json).or_else(|error| match replace_lone_surrogates(json) {
        Cow::Owned(json) => serde_json::from_str(&json),
        Cow::Borrowed(_) => Err(error),
    })
}

/// Replaces lone surrogates in JSON text with U+FFFD.
pub fn replace_lone_surrogates(json: &str) -> Cow<'_, str> {
    let mut whole = Cow::Borrowed(json);
    let mut at = 0;
    // Backslashes occur only in strings, where they begin an escape.
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        at += match (escaped_unit(json, at), escaped_unit(json, at + ESCAPE)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 2 * ESCAPE,
            (Some(0xd800..0xe000), _) => {
                whole.to_mut().replace_range(at..at + ESCAPE, r"\ufffd");
                ESCAPE
            }
            // The backslash and the escaped character, which may be a backslash.
            _ => 2,
        };
    }
    whole
}

/// The length of `\ud83d`.
const ESCAPE: usize = 6;

/// Returns the escaped UTF-16 code unit at this position, if there is one.
fn escaped_unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE)?.strip_prefix(r"\u")?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_lone_surrogates() {
        for (json, expected) in [
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\uD83D""#, r#""\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\ud8"#, r#""\ud8"#),
        ] {
            assert_eq!(replace_lone_surrogates(json), expected);
        }
    }
}
