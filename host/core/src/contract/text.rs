//! Text from outside the program, such as files and requests.

use std::borrow::Cow;

/// Some editors write this at the beginning of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why bytes are not text. The message completes a sentence whose subject is the
/// text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// UTF-16, the encoding in which some programs save text.
    #[error("is UTF-16; save it as UTF-8")]
    Utf16,
    /// Something else.
    #[error("is not valid UTF-8 at byte {0}")]
    NotUtf8(usize),
}

/// Decodes text, without the byte order mark if there is one.
///
/// # Errors
/// If it is not UTF-8.
pub fn read_text(bytes: &[u8]) -> Result<&str, TextError> {
    // Without a mark, UTF-16 is recognized by the zero byte of its first character.
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=255, ..] | [1..=255, 0, ..] = bytes {
        return Err(TextError::Utf16);
    }
    let plain = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    std::str::from_utf8(plain).map_err(|error| {
        let mark = bytes.len() - plain.len();
        TextError::NotUtf8(mark + error.valid_up_to())
    })
}

/// Replaces unpaired surrogates in JSON with U+FFFD. A program that truncates a
/// string inside an emoji writes `\ud83d` alone, which is not a character.
pub fn replace_lone_surrogates(json: &str) -> Cow<'_, str> {
    let mut whole = Cow::Borrowed(json);
    let mut at = 0;
    // A backslash only occurs in strings, so it always begins an escape.
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        let (escape, next) = (unit(json, at), unit(json, at + ESCAPE));
        at += match (escape, next) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 2 * ESCAPE,
            (Some(0xd800..0xe000), _) => {
                whole.to_mut().replace_range(at..at + ESCAPE, "\\ufffd");
                ESCAPE
            }
            // The backslash and the character it escapes, which may be a backslash.
            _ => 2,
        };
    }
    whole
}

/// The length of `\ud83d`.
const ESCAPE: usize = 6;

/// The UTF-16 code unit that is escaped at this position, if any.
fn unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE)?.strip_prefix("\\u")?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
    u16::from_str_radix(digits, 16).ok()
}

/// Whether a character makes a terminal do something other than display it: control
/// characters except for line feeds and tabs, line and paragraph separators,
/// characters that change the text direction (UAX #9), and invisible ones.
pub fn is_unsafe_for_terminal(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The beginning of a string, for a message.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_utf_8_with_or_without_a_byte_order_mark() {
        for (bytes, text) in [
            (&b""[..], Ok("")),
            (b"{}", Ok("{}")),
            (b"\xef\xbb\xbf{}", Ok("{}")),
            (b"\0", Ok("\0")),
            ("grün".as_bytes(), Ok("grün")),
            (b"\xff\xfe{\0}\0", Err(TextError::Utf16)),
            (b"\xfe\xff\0{\0}", Err(TextError::Utf16)),
            (b"{\0}\0", Err(TextError::Utf16)),
            (b"\0{\0}", Err(TextError::Utf16)),
            (b"gr\xfcn", Err(TextError::NotUtf8(2))),
            (b"\xef\xbb\xbf\xfc", Err(TextError::NotUtf8(3))),
        ] {
            assert_eq!(read_text(bytes), text, "{bytes:?}");
        }
    }

    #[test]
    fn replaces_unpaired_surrogates() {
        for (json, whole) in [
            (r#""plain \n \u00e9""#, r#""plain \n \u00e9""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\uD83D""#, r#""\ufffd""#),
            (r#""\ude00""#, r#""\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\n""#, r#""\ufffd\n""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\ud83"#, r#""\ud83"#),
            (r#""\ud8é""#, r#""\ud8é""#),
            ("\\", "\\"),
        ] {
            assert_eq!(replace_lone_surrogates(json), whole);
        }
    }
}
