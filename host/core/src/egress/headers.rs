//! The headers that a connector may send, and those of a response that it sees.

use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use crate::contract::Failure;

use super::not_allowed;

/// Headers that a connector may not set:
/// - those that affect the message's framing (RFC 9110 §7.6.1, RFC 9112 §6;
///   the list in wasmtime's wasi-http),
/// - those that can make a server see a different request or a different caller,
/// - those that request part of a response, because part of a secret cannot be
///   recognized.
///
/// The content type comes from the body.
const FORBIDDEN: [&str; 42] = [
    "accept-encoding",
    "cf-connecting-ip",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "if-range",
    "keep-alive",
    "origin",
    "proxy",
    "range",
    "referer",
    "remote-user",
    "request-range",
    "set-cookie",
    "ssl-client-cert",
    "te",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "user-agent",
    "via",
    "x-client-cert",
    "x-client-ip",
    "x-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-host",
    "x-original-method",
    "x-original-url",
    "x-override-url",
    "x-range",
    "x-real-ip",
    "x-remote-user",
    "x-rewrite-url",
];

const FORBIDDEN_PREFIXES: [&str; 3] = ["proxy-", "sec-", "x-forwarded"];

/// Headers in which API providers expect credentials. They belong to the
/// connection.
const CREDENTIALS: [&str; 15] = [
    "api-key",
    "apikey",
    "authorization",
    "cookie",
    "private-token",
    "token",
    "x-access-token",
    "x-amz-security-token",
    "x-api-key",
    "x-apikey",
    "x-auth-token",
    "x-authorization",
    "x-goog-api-key",
    "x-token",
    "x-vault-token",
];

/// Response headers that are about the credential or the caller's session.
const HIDDEN: [&str; 6] = [
    "authorization",
    "proxy-authenticate",
    "proxy-authorization",
    "set-cookie",
    "set-cookie2",
    "www-authenticate",
];

const MAX_HEADERS: usize = 64;
const MAX_VALUE: usize = 8 * 1024;

/// Checks the connector's headers.
///
/// # Errors
/// `invalid-input` for a forbidden header, for a name or value that is not valid
/// according to RFC 9110 (so no line break can forge a header), and for too many
/// headers or a value that is too long.
pub(super) fn checked(
    headers: &[(String, String)],
    of_connection: &HeaderMap,
) -> Result<HeaderMap, Failure> {
    if headers.len() > MAX_HEADERS {
        return Err(not_allowed(format!("it has more than {MAX_HEADERS} headers")));
    }
    let mut checked = HeaderMap::new();
    for (name, value) in headers {
        let invalid =
            || not_allowed(format!("`{}` is not a valid header name", name.escape_debug()));
        let name = HeaderName::try_from(name.as_str()).map_err(|_| invalid())?;
        let is_of_connection =
            of_connection.keys().any(|own| as_servers_read(own) == as_servers_read(&name));
        if is_forbidden(&name) || is_of_connection {
            return Err(not_allowed(format!("header `{name}` can only be set by the host")));
        }
        let value = HeaderValue::try_from(value.as_str())
            .ok()
            .filter(|value| value.len() <= MAX_VALUE)
            .ok_or_else(|| not_allowed(format!("header `{name}` has an invalid value")))?;
        checked.append(name, value);
    }
    Ok(checked)
}

/// Whether only the host may set a header.
pub(super) fn is_forbidden(name: &HeaderName) -> bool {
    let name = as_servers_read(name);
    CREDENTIALS.contains(&name.as_str()) || is_never_sent(&name)
}

/// Whether a connection may set a header. One that carries a credential must be
/// secret.
pub(crate) fn is_header_of_connection(name: &str, is_secret: bool) -> bool {
    HeaderName::try_from(name).is_ok_and(|name| {
        let name = as_servers_read(&name);
        !is_never_sent(&name) && (is_secret || !CREDENTIALS.contains(&name.as_str()))
    })
}

fn is_never_sent(name: &str) -> bool {
    FORBIDDEN.contains(&name) || FORBIDDEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The name as servers may read it. CGI and its successors map `-` and `_` to
/// `_` (RFC 3875 §4.1.18), and some of them map every character that is not a
/// letter.
fn as_servers_read(name: &HeaderName) -> String {
    name.as_str().replace(['_', '.'], "-")
}

/// The response headers that a connector may see.
pub(super) fn visible(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| !HIDDEN.contains(&name.as_str()))
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str) -> Result<HeaderMap, Failure> {
        checked(&[(name.to_owned(), value.to_owned())], &HeaderMap::new())
    }

    #[test]
    fn rejects_the_hosts_headers_in_every_spelling() {
        let prefixed = ["proxy-authorization", "sec-fetch-site", "x-forwarded-for"];
        for name in FORBIDDEN.into_iter().chain(CREDENTIALS).chain(prefixed) {
            let spellings = ["_", "."].map(|other| name.replace('-', other));
            let cased = [name.to_owned(), name.to_uppercase(), capitalized(name)];
            for name in cased.into_iter().chain(spellings) {
                assert!(check(&name, "x").is_err(), "{name}");
            }
        }
    }

    #[test]
    fn rejects_requests_for_a_part_of_a_response() {
        for name in ["Range", "If-Range", "Request-Range", "X-Range"] {
            assert!(check(name, "bytes=0-10").is_err(), "{name}");
        }
    }

    fn capitalized(name: &str) -> String {
        let (first, rest) = name.split_at(1);
        first.to_uppercase() + rest
    }

    #[test]
    fn rejects_forged_headers() {
        for (name, value) in [
            ("x", "a\r\nauthorization: b"),
            ("x\r\ny", "a"),
            ("x", "a\nb"),
            ("x", "a\0"),
            ("", "a"),
        ] {
            assert!(check(name, value).is_err(), "{name:?}: {value:?}");
        }
    }

    #[test]
    fn accepts_other_headers() {
        let headers = check("Accept", "text/event-stream").unwrap();
        assert_eq!(headers["accept"], "text/event-stream");
    }

    #[test]
    fn hides_response_headers_about_the_credential() {
        let mut headers = HeaderMap::new();
        headers.insert("set-cookie", HeaderValue::from_static("session=1"));
        headers.insert("www-authenticate", HeaderValue::from_static("Bearer"));
        headers.insert("x-request-id", HeaderValue::from_static("req_1"));
        let seen = visible(&headers);
        assert_eq!(seen, [("x-request-id".to_owned(), "req_1".to_owned())]);
    }
}
