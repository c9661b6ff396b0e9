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
    /// Line breaks in it would forge headers (RFC 9110 §5.5).
    #[error("must consist of visible ASCII characters, without line breaks and spaces inside")]
    Characters,
}

impl Secret {
    const MAX_LENGTH: usize = 8 * 1024;

    /// Takes a credential; white space around it, as pasting leaves it, is
    /// dropped.
    pub(crate) fn new(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        match text {
            "" => Err(SecretError::Empty),
            _ if Self::MAX_LENGTH < text.len() => Err(SecretError::TooLong),
            _ if !text.bytes().all(|byte| byte.is_ascii_graphic()) => Err(SecretError::Characters),
            _ => Ok(Self(text.into())),
        }
    }

    /// The header value `prefix` + credential, marked so that no HTTP library
    /// prints it.
    pub(super) fn header(&self, prefix: &str) -> Result<HeaderValue, SecretError> {
        let mut value = HeaderValue::try_from(format!("{prefix}{}", self.0))
            .map_err(|_| SecretError::Characters)?;
        value.set_sensitive(true);
        Ok(value)
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
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
        assert_eq!(Secret::new(&"x".repeat(9000)).unwrap_err(), SecretError::TooLong);
    }
}
