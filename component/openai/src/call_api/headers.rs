//! Headers that the input adds to its request.

use std::collections::BTreeMap;

use connector_sdk::{Failure, FailureKind, Result};

const CREDENTIAL: &str = "the connection sets the credential";
const FROM_BODY: &str = "it follows from the body";
const FROM_BASE_URL: &str = "it follows from the base URL";

/// Headers that only the host may set, and why. The host's own list is longer, and
/// includes the headers of the connection.
const RESERVED: &[(&str, &str)] = &[
    ("api-key", CREDENTIAL),
    ("authorization", CREDENTIAL),
    ("content-length", FROM_BODY),
    ("content-type", FROM_BODY),
    ("cookie", CREDENTIAL),
    ("host", FROM_BASE_URL),
    ("proxy-authorization", CREDENTIAL),
    ("transfer-encoding", FROM_BODY),
    ("x-api-key", CREDENTIAL),
];

/// Rejects what cannot be a header (RFC 9110 §5), and headers that only the host
/// may set.
pub fn check(headers: &BTreeMap<String, String>) -> Result<()> {
    for (name, value) in headers {
        if !is_token(name) {
            let message = format!(
                "`headers` must have names such as OpenAI-Beta, without spaces or other special \
                 characters (got `{}`)",
                name.escape_debug()
            );
            return Err(Failure::invalid_input("headers", message));
        }
        if let Some((_, reason)) = RESERVED.iter().find(|(one, _)| *one == as_servers_read(name)) {
            return Err(reserved(name, reason));
        }
        if value.chars().any(|character| character.is_control() && character != '\t') {
            let message = format!("`headers.{name}` must be a single line of text");
            return Err(Failure::invalid_input(property(name), message));
        }
    }
    Ok(())
}

/// Adds the property to the host's refusal of a header.
pub fn blame(failure: Failure, headers: &BTreeMap<String, String>) -> Failure {
    let is_refusal = failure.kind == FailureKind::InvalidInput && !failure.request_sent;
    let is_named = |name: &&String| {
        failure.message.contains(&format!("header `{}`", name.to_ascii_lowercase()))
    };
    match headers.keys().find(is_named).filter(|_| is_refusal) {
        Some(name) => reserved(name, "only the host or the connection may set it"),
        None => failure,
    }
}

fn reserved(name: &str, reason: &str) -> Failure {
    let message = format!("`headers.{name}` is reserved: {reason}");
    Failure::invalid_input(property(name), message)
}

fn property(name: &str) -> String {
    format!("headers.{name}")
}

/// Whether a text is a token (RFC 9110 §5.6.2).
fn is_token(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}

/// The name as the host compares it: some servers treat `_` and `.` like `-`.
fn as_servers_read(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn rejects_reserved_headers_in_every_spelling() {
        for (name, reason) in [
            ("Authorization", CREDENTIAL),
            ("AUTHORIZATION", CREDENTIAL),
            ("api_key", CREDENTIAL),
            ("X.Api-Key", CREDENTIAL),
            ("Cookie", CREDENTIAL),
            ("Proxy-Authorization", CREDENTIAL),
            ("Host", FROM_BASE_URL),
            ("Content-Type", FROM_BODY),
            ("content_length", FROM_BODY),
            ("Transfer-Encoding", FROM_BODY),
        ] {
            let failure = check(&one(name, "x")).unwrap_err();
            assert_eq!(failure.property, Some(format!("headers.{name}")));
            assert_eq!(failure.message, format!("`headers.{name}` is reserved: {reason}"));
        }
    }

    #[test]
    fn rejects_what_cannot_be_a_header() {
        for name in ["", " ", "X-A ", "X A", "X:A", "X\r\nHost", "X\0", "Grün", "(x)"] {
            let failure = check(&one(name, "x")).unwrap_err();
            assert_eq!(failure.property.as_deref(), Some("headers"), "{name:?}");
            assert!(!failure.message.contains(char::is_control), "{name:?}");
        }
        for value in ["a\r\nHost: b", "a\nb", "a\0", "\u{7f}"] {
            let failure = check(&one("X-A", value)).unwrap_err();
            assert_eq!(failure.property.as_deref(), Some("headers.X-A"), "{value:?}");
            assert_eq!(failure.message, "`headers.X-A` must be a single line of text");
        }
    }

    #[test]
    fn accepts_other_headers() {
        for (name, value) in [
            ("OpenAI-Beta", "agents=v1"),
            ("OpenAI-Project", "proj_1"),
            ("Idempotency-Key", "4711"),
            ("accept", "text/event-stream"),
            ("X-A", ""),
            ("X-A", "a\tb ü"),
        ] {
            assert!(check(&one(name, value)).is_ok(), "{name}: {value}");
        }
    }

    #[test]
    fn a_refusal_by_the_host_names_the_property() {
        let failed = |kind| Failure::new(kind, "header `x-range` can only be set by the host");
        let refused = || failed(FailureKind::InvalidInput);
        let headers = one("X-Range", "bytes=0-1");
        let failure = blame(refused(), &headers);
        assert_eq!(failure.property.as_deref(), Some("headers.X-Range"));
        assert!(failure.message.starts_with("`headers.X-Range` is reserved"), "{failure}");

        assert_eq!(blame(refused(), &one("X-Other", "x")).property, None);
        assert_eq!(blame(failed(FailureKind::Network), &headers).property, None);
        let mut answered = refused();
        answered.request_sent = true;
        assert_eq!(blame(answered, &headers).property, None);
    }
}
