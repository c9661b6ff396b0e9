//! Which headers a connector may send, and which of a response it sees.

use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use crate::contract::Failure;

use super::not_allowed;

/// Headers that carry credentials, or that the message's framing depends on
/// (RFC 9110 §7.6.1, RFC 9112 §6; the list of wasmtime's wasi-http and the
/// credential headers in use at API providers), or by which servers take a
/// request for another one. The content type is the body's.
const FORBIDDEN: [&str; 32] = [
    "accept-encoding",
    "api-key",
    "apikey",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-api-key",
    "x-auth-token",
    "x-goog-api-key",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
];

const FORBIDDEN_PREFIXES: [&str; 3] = ["proxy-", "sec-", "x-forwarded-"];

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
        let odd = || not_allowed(format!("`{}` is no header name", name.escape_debug()));
        let name = HeaderName::try_from(name.as_str()).map_err(|_| odd())?;
        if is_forbidden(&name) || of_connection.contains_key(&name) {
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
    let name = name.as_str();
    FORBIDDEN.contains(&name) || FORBIDDEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
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
        for name in FORBIDDEN.into_iter().chain(prefixed) {
            for name in [name.to_owned(), name.to_uppercase(), capitalised(name)] {
                assert!(check(&name, "x").is_err(), "{name}");
            }
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
