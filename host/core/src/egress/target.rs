//! The path and query of a request, as a connector may name them.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::contract::Failure;

use super::not_allowed;

/// Everything but RFC 3986 `pchar` and `/`. `%` stays: a connector may
/// encode by itself.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The encoded path.
///
/// # Errors
/// `invalid-input` for anything that is not plainly a path under the base
/// URL: another host (`//host`, `https:…`), a way up (`..`, `%2e%2e`), an
/// encoded slash, a query, a fragment.
pub(super) fn path(path: &str) -> Result<String, Failure> {
    let Some(relative) = path.strip_prefix('/') else {
        return Err(not_allowed("its path does not begin with `/`"));
    };
    if path.contains(['?', '#', '\\']) || path.chars().any(char::is_control) {
        return Err(not_allowed("its path holds `?`, `#`, `\\` or a control character"));
    }
    for segment in relative.split('/') {
        let lower = segment.to_ascii_lowercase();
        // Servers that decode twice see what `%25` hides, and some cut off what
        // is behind a `;` before they look for dots.
        let decoded = decoded_percents(&lower);
        let dots = decoded.replace("%2e", ".");
        let dots = dots.split([';', '%']).next().unwrap_or_default();
        if lower.is_empty() || dots == "." || dots == ".." {
            return Err(not_allowed("its path holds an empty, `.` or `..` segment"));
        }
        if ["%2f", "%5c", "%00"].iter().any(|hidden| decoded.contains(hidden)) {
            return Err(not_allowed("its path holds an encoded slash, backslash or NUL"));
        }
        if !well_encoded(segment) {
            return Err(not_allowed("its path holds a `%` without two hexadecimal digits"));
        }
    }
    Ok(utf8_percent_encode(path, PATH).to_string())
}

/// A text without encoded percent signs, however often they are encoded.
fn decoded_percents(text: &str) -> String {
    let mut decoded = text.to_owned();
    while decoded.contains("%25") {
        decoded = decoded.replace("%25", "%");
    }
    decoded
}

/// The encoded query, if there is one (`application/x-www-form-urlencoded`,
/// WHATWG URL standard).
pub(super) fn query(pairs: &[(String, String)]) -> Option<String> {
    if pairs.is_empty() {
        return None;
    }
    Some(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

fn well_encoded(segment: &str) -> bool {
    segment
        .split('%')
        .skip(1)
        .all(|after| after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_what_is_no_path_character() {
        assert_eq!(path("/models/gpt-5.4").unwrap(), "/models/gpt-5.4");
        assert_eq!(path("/models/ft:gpt@x y").unwrap(), "/models/ft:gpt@x%20y");
        assert_eq!(path("/models/a%20b").unwrap(), "/models/a%20b");
        assert_eq!(path("/ä").unwrap(), "/%C3%A4");
    }

    #[test]
    fn refuses_what_could_lead_elsewhere() {
        for odd in [
            "",
            "models",
            "https://evil.test/v1",
            "//evil.test",
            "/",
            "/a//b",
            "/../v2",
            "/a/./b",
            "/a/%2e%2E/b",
            "/a%2fb",
            "/a%5Cb",
            "/a\\b",
            "/a?b",
            "/a#b",
            "/a\r\nHost: evil",
            "/a%",
            "/a%zz",
            "/a%00",
            "/a/..;/b",
            "/a/..;x=y/b",
            "/a/%2e%2e;/b",
            "/a/%252e%252e/b",
            "/a/%25252e./b",
            "/a%252fb",
        ] {
            assert!(path(odd).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn encodes_the_query() {
        assert_eq!(query(&[]), None);
        let pairs = [("q".to_owned(), "a&b=c d".to_owned())];
        assert_eq!(query(&pairs).as_deref(), Some("q=a%26b%3Dc+d"));
    }
}
