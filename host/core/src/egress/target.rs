//! Checks and encodes the path and query that a connector requests.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::contract::Failure;

use super::not_allowed;

/// Everything except RFC 3986 `pchar` and `/`. `%` is kept, because a connector
/// may encode the path itself.
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
/// `invalid-input` for anything that is not clearly a path under the base URL:
/// another host (`//host`, `https:…`), a parent segment (`..`, `%2e%2e`), an
/// encoded slash, a query or a fragment.
pub(super) fn path(path: &str) -> Result<String, Failure> {
    let Some(relative) = path.strip_prefix('/') else {
        return Err(not_allowed("its path does not begin with `/`"));
    };
    if path.contains(['?', '#', '\\']) || path.chars().any(char::is_control) {
        return Err(not_allowed("its path contains `?`, `#`, `\\` or a control character"));
    }
    // The base URL itself.
    if relative.is_empty() {
        return Ok(String::new());
    }
    for segment in relative.split('/') {
        // Some servers decode twice, so an encoded percent sign could hide a dot or
        // a slash. Some strip everything after a `;`, or spaces, before they look
        // for dots.
        let decoded = decoded(segment);
        let name = decoded.split(';').next().unwrap_or_default().trim();
        if name.is_empty() || name == "." || name == ".." {
            return Err(not_allowed("its path contains an empty, `.` or `..` segment"));
        }
        if decoded.contains(['/', '\\']) || decoded.contains(char::is_control) {
            return Err(not_allowed(
                "its path contains an encoded slash, backslash or control character",
            ));
        }
        if !well_encoded(segment) {
            return Err(not_allowed("its path contains a `%` without two hexadecimal digits"));
        }
    }
    Ok(utf8_percent_encode(path, PATH).to_string())
}

/// Decodes percent-encoding until none is left. This terminates, because each
/// round makes the text shorter.
fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    loop {
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            return text;
        }
        text = decoded;
    }
}

/// The encoded query (`application/x-www-form-urlencoded`, WHATWG URL standard),
/// or `None` if it is empty.
pub(super) fn query<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    (!query.is_empty()).then_some(query)
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
    fn encodes_characters_not_allowed_in_a_path() {
        assert_eq!(path("/models/gpt-5.4").unwrap(), "/models/gpt-5.4");
        assert_eq!(path("/models/ft:gpt@x y").unwrap(), "/models/ft:gpt@x%20y");
        assert_eq!(path("/models/a%20b").unwrap(), "/models/a%20b");
        assert_eq!(path("/models/100%25").unwrap(), "/models/100%25");
        assert_eq!(path("/models/a;v=1").unwrap(), "/models/a;v=1");
        assert_eq!(path("/ä").unwrap(), "/%C3%A4");
        assert_eq!(path("/").unwrap(), "");
    }

    #[test]
    fn rejects_paths_that_could_leave_the_base_url() {
        for odd in [
            "",
            "models",
            "https://evil.test/v1",
            "//evil.test",
            "/a//b",
            "/a/",
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
            "/a/%25%32%65%25%32%65/x",
            "/a/.. /x",
            "/a/..%20/x",
            "/a%25%32%66b",
            "/a%0d%0ab",
        ] {
            assert!(path(odd).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn encodes_the_query() {
        assert_eq!(query([].into_iter()), None);
        let pairs = [("q", "a&b=c d")];
        assert_eq!(query(pairs.into_iter()).as_deref(), Some("q=a%26b%3Dc+d"));
    }
}
