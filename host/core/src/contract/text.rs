//! Text that comes from outside, as files and requests hold it.

use std::borrow::Cow;

/// What some editors put in front of a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes that are no text. Reads as the end of a sentence.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TextError {
    /// Text in an encoding of two bytes, as some programs save it.
    #[error("is UTF-16; save it as UTF-8")]
    Utf16,
    /// Something else.
    #[error("is not UTF-8 from byte {0} on")]
    NotUtf8(usize),
}

/// The text in some bytes, without a byte order mark in front.
///
/// # Errors
/// If it is not UTF-8.
pub fn read_text(bytes: &[u8]) -> Result<&str, TextError> {
    // Without a mark, UTF-16 is told by the zero beside its first ASCII letter.
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=255, ..] | [1..=255, 0, ..] = bytes {
        return Err(TextError::Utf16);
    }
    let plain = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    std::str::from_utf8(plain).map_err(|error| {
        let mark = bytes.len() - plain.len();
        TextError::NotUtf8(mark + error.valid_up_to())
    })
}

/// JSON text, with U+FFFD for each half of a surrogate pair: a program that
/// cuts a text inside an emoji writes `\ud83d` alone, which no text can hold.
pub fn whole_surrogates(json: &str) -> Cow<'_, str> {
    let mut whole = Cow::Borrowed(json);
    let mut at = 0;
    // A backslash stands in strings only, so what is behind it is an escape.
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        let (escape, next) = (unit(json, at), unit(json, at + ESCAPE));
        at += match (escape, next) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 2 * ESCAPE,
            (Some(0xd800..0xe000), _) => {
                whole.to_mut().replace_range(at..at + ESCAPE, "\\ufffd");
                ESCAPE
            }
            // The backslash and what it escapes, which may be another one.
            _ => 2,
        };
    }
    whole
}

/// The length of `\ud83d`.
const ESCAPE: usize = 6;

/// The UTF-16 unit that is escaped there, if one is.
fn unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE)?.strip_prefix("\\u")?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
    u16::from_str_radix(digits, 16).ok()
}

/// Whether a terminal does something else with a character than to show it:
/// control characters but for line breaks and tabs, separators of lines, those
/// that change the direction of what follows them (Unicode's UAX #9), and those
/// that nobody sees.
pub fn acts_on_terminal(c: char) -> bool {
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

/// The beginning of a text, for a message.
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
    fn a_text_is_utf_8_with_or_without_a_mark() {
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
    fn half_a_pair_becomes_the_replacement_character() {
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
            assert_eq!(whole_surrogates(json), whole);
        }
    }
}
