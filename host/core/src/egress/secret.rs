//! A credential as a type that only the egress path can read.

use std::fmt;
use std::sync::Arc;

use ureq::http::HeaderValue;

/// A connection's credential. Prints as `****`. Only `egress` can read its value,
/// to attach it to requests and to remove it from responses.
#[derive(Clone)]
pub struct Secret(Arc<str>);

/// Why a string cannot be a credential. Never contains the string itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// It is empty or only whitespace.
    #[error("is empty")]
    Empty,
    /// It does not fit into a header.
    #[error("must be at most {} characters long", Secret::MAX_LENGTH)]
    TooLong,
    /// It has quotes around it, left over from an environment file or source
    /// code.
    #[error("must not have quotes around it")]
    Quoted,
    /// It has characters that a header cannot contain. Line breaks would forge
    /// headers (RFC 9110 §5.5).
    #[error("must consist of visible ASCII characters, without spaces or line breaks")]
    Characters,
}

impl Secret {
    const MAX_LENGTH: usize = 8 * 1024;
    /// The minimum length, in bytes, of a secret that is redacted.
    const MIN_REDACTED: usize = 16;

    /// Checks a credential. Trims whitespace and invisible characters, which
    /// pasting often adds.
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

    /// The value of a secret header, or a part of one. It may contain spaces.
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

    /// Whether it is removed from responses. A short value is not a secret but a
    /// word such as `none` or `test`, for servers without authorization.
    /// Replacing it would damage ordinary responses, and it could be guessed
    /// anyway.
    pub(crate) fn is_redacted(&self) -> bool {
        self.0.len() >= Self::MIN_REDACTED
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// Whether a text begins or ends with a quote of any kind.
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
    fn trims_whitespace_and_rejects_it_inside() {
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
