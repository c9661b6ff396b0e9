//! URLs that the provider requests.

/// Returns the rule that a URL breaks, as the end of a sentence with `must`. A
/// password is rejected too: inputs are logged and stored, so they must not contain
/// secrets.
pub fn fault(url: &str) -> Option<&'static str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    if host.is_empty() {
        Some("begin with `https://`, followed by a host")
    } else if host.contains('@') {
        Some("not contain a user name or password")
    } else if url.contains(|character: char| character.is_whitespace() || character.is_control()) {
        Some("not contain spaces")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_scheme_and_a_host() {
        for url in ["https://a.example", "http://a.example/b?c=d@e#f", "https://[::1]:80/ü"] {
            assert_eq!(fault(url), None, "{url}");
        }
        for (url, expected) in [
            ("", "https://"),
            ("a.example/b.png", "https://"),
            ("https:///b.png", "https://"),
            ("ftp://a.example", "https://"),
            ("file:///etc/passwd", "https://"),
            ("data:image/png;base64,AA==", "https://"),
            ("https://me:secret@a.example", "password"),
            ("https://a.example/b c", "spaces"),
            ("https://a.example/\n", "spaces"),
            ("https://a.example/\0", "spaces"),
        ] {
            assert!(fault(url).is_some_and(|fault| fault.contains(expected)), "{url:?}");
        }
    }
}
