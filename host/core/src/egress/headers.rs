//! Which headers a connector may send, and which of a response it sees.

use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use crate::contract::Failure;

use super::not_allowed;

/// Headers that the message's framing depends on (RFC 9110 §7.6.1, RFC 9112 §6;
/// the list of wasmtime's wasi-http), by which servers take a request for another
/// one or for another caller's, or that ask for a piece of an answer: pieces of a
/// secret are not recognized. The content type is the body's.
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

/// Headers that carry credentials at API providers. They belong to the
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

const MOST_HEADERS: usize = 64;
const LONGEST_VALUE: usize = 8 * 1024;

/// The connector's headers, checked.
///
/// # Errors
/// `invalid-input` for a forbidden header, a name or value that is none by
/// RFC 9110 (so no line break can forge a header), too many or too long ones.
pub(super) fn checked(
    headers: &[(String, String)],
    of_connection: &HeaderMap,
) -> Result<HeaderMap, Failure> {
    if MOST_HEADERS < headers.len() {
        return Err(not_allowed(format!("it has more than {MOST_HEADERS} headers")));
    }
    let mut checked = HeaderMap::new();
    for (name, value) in headers {
        let odd =
            || not_allowed(format!("`{}` cannot be the name of a header", name.escape_debug()));
        let name = HeaderName::try_from(name.as_str()).map_err(|_| odd())?;
        let is_of_connection =
            of_connection.keys().any(|own| as_servers_read(own) == as_servers_read(&name));
        if is_forbidden(&name) || is_of_connection {
            return Err(not_allowed(format!("header `{name}` is the host's to set")));
        }
        let value = HeaderValue::try_from(value.as_str())
            .ok()
            .filter(|value| value.len() <= LONGEST_VALUE)
            .ok_or_else(|| not_allowed(format!("header `{name}` has no valid value")))?;
        checked.append(name, value);
    }
    Ok(checked)
}

/// Whether a header is the host's to set.
pub(super) fn is_forbidden(name: &HeaderName) -> bool {
    let name = as_servers_read(name);
    CREDENTIALS.contains(&name.as_str()) || is_never_sent(&name)
}

/// Whether a connection may have such a header: a credential's if it is secret.
pub(crate) fn is_header_of_connection(name: &str, is_secret: bool) -> bool {
    HeaderName::try_from(name).is_ok_and(|name| {
        let name = as_servers_read(&name);
        !is_never_sent(&name) && (is_secret || !CREDENTIALS.contains(&name.as_str()))
    })
}

fn is_never_sent(name: &str) -> bool {
    FORBIDDEN.contains(&name) || FORBIDDEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// CGI and its successors turn `-` and `_` into `_` (RFC 3875 §4.1.18), some of
/// them everything that is no letter.
fn as_servers_read(name: &HeaderName) -> String {
    name.as_str().replace(['_', '.'], "-")
}

/// What a connector sees of a response's headers.
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
    fn refuses_headers_of_the_host_in_every_casing() {
        let prefixed = ["proxy-authorization", "sec-fetch-site", "x-forwarded-for"];
        for name in FORBIDDEN.into_iter().chain(CREDENTIALS).chain(prefixed) {
            let spellings = ["_", "."].map(|other| name.replace('-', other));
            let cased = [name.to_owned(), name.to_uppercase(), capitalised(name)];
            for name in cased.into_iter().chain(spellings) {
                assert!(check(&name, "x").is_err(), "{name}");
            }
        }
    }

    #[test]
    fn an_answer_is_not_asked_for_in_pieces() {
        for name in ["Range", "If-Range", "Request-Range", "X-Range"] {
            assert!(check(name, "bytes=0-10").is_err(), "{name}");
        }
    }

    fn capitalised(name: &str) -> String {
        let (first, rest) = name.split_at(1);
        first.to_uppercase() + rest
    }

    #[test]
    fn refuses_what_would_forge_headers() {
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
    fn lets_others_pass() {
        let headers = check("Accept", "text/event-stream").unwrap();
        assert_eq!(headers["accept"], "text/event-stream");
    }

    #[test]
    fn hides_what_is_about_the_credential() {
        let mut headers = HeaderMap::new();
        headers.insert("set-cookie", HeaderValue::from_static("session=1"));
        headers.insert("www-authenticate", HeaderValue::from_static("Bearer"));
        headers.insert("x-request-id", HeaderValue::from_static("req_1"));
        let seen = visible(&headers);
        assert_eq!(seen, [("x-request-id".to_owned(), "req_1".to_owned())]);
    }
}
