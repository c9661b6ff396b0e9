//! The credential as a type that nobody but the egress path can read.

use std::fmt;
use std::sync::Arc;

use ureq::http::HeaderValue;

/// A connection's credential. Prints as `****`; its value can be read inside
/// `egress` only, where it is attached to requests and removed from answers.
#[derive(Clone)]
pub struct Secret(Arc<str>);

/// A text that cannot be a credential. Says why without repeating it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SecretError {
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// Longer than any header may be.
    #[error("must be at most {} characters long", Secret::MAX_LENGTH)]
    TooLong,
    /// They are left over from a file of variables or from source code.
    #[error("must be given without quotes around it")]
    Quoted,
    /// Line breaks in it would forge headers (RFC 9110 §5.5).
    #[error("must consist of visible ASCII characters, without line breaks and spaces inside")]
    Characters,
}

impl Secret {
    const MAX_LENGTH: usize = 8 * 1024;
    /// In bytes.
    const MIN_REDACTED: usize = 16;

    /// Takes a credential; white space around it, as pasting leaves it, is
    /// dropped, and so are characters that nobody sees.
    pub(crate) fn new(text: &str) -> Result<Self, SecretError> {
        const INVISIBLE: [char; 2] = ['\u{feff}', '\u{200b}'];
        let text = text.trim_matches(|c: char| c.is_whitespace() || INVISIBLE.contains(&c));
        match text {
            "" => Err(SecretError::Empty),
            _ if text.len() > Self::MAX_LENGTH => Err(SecretError::TooLong),
            _ if is_quoted(text) => Err(SecretError::Quoted),
            _ if !text.bytes().all(|byte| byte.is_ascii_graphic()) => Err(SecretError::Characters),
            _ => Ok(Self(text.into())),
        }
    }

    /// The value of a secret header, or a part of one, which may have spaces
    /// inside.
    pub(crate) fn of_header(value: &str) -> Self {
        Self(value.into())
    }

    /// The header value `prefix` + credential, marked so that no HTTP library
    /// prints it.
    pub(super) fn header(&self, prefix: &str) -> Result<HeaderValue, SecretError> {
        let mut value = HeaderValue::try_from(format!("{prefix}{}", self.0))
            .map_err(|_| SecretError::Characters)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Whether it is removed from answers. A shorter one is no secret but a word
    /// such as `none` or `test`, as servers without authorization ask for: to
    /// replace it would tear holes into ordinary answers, and it could be
    /// guessed.
    pub(crate) fn is_redacted(&self) -> bool {
        self.0.len() >= Self::MIN_REDACTED
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// Whether quotes of any kind are around a text.
fn is_quoted(text: &str) -> bool {
    const QUOTES: [char; 10] = ['"', '\'', '`', '“', '”', '„', '‘', '’', '«', '»'];
    text.starts_with(QUOTES) || text.ends_with(QUOTES)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_asterisks() {
        let secret = Secret::new("sk-canary-value").unwrap();
        assert_eq!(format!("{secret:?}"), "****");
        assert_eq!(format!("{:?}", secret.header("Bearer ").unwrap()), "Sensitive");
    }

    #[test]
    fn drops_white_space_around_and_refuses_it_inside() {
        assert_eq!(Secret::new(" sk-x\r\n").unwrap().expose(), "sk-x");
        assert_eq!(Secret::new(" \n").unwrap_err(), SecretError::Empty);
        for text in ["a b", "a\r\nHost: evil", "a\0b", "schlüssel"] {
            assert_eq!(Secret::new(text).unwrap_err(), SecretError::Characters, "{text:?}");
        }
        assert_eq!(Secret::new("\u{feff}sk-x\u{200b}\n").unwrap().expose(), "sk-x");
        for text in ["\"sk-x\"", "'sk-x'", " \"sk-x\"\n", "“sk-x”", "\"sk-x", "sk-x'"] {
            assert_eq!(Secret::new(text).unwrap_err(), SecretError::Quoted, "{text:?}");
        }
        assert_eq!(Secret::new(&"x".repeat(9000)).unwrap_err(), SecretError::TooLong);
    }
}
