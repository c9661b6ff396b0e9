//! The base URL of a connection, to which all its requests are sent.

use std::fmt;

use serde::{Serialize, Serializer};
use ureq::http::Uri;
use url::{Host, Url};

/// Whether a connection uses TLS.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum UrlScheme {
    Http,
    Https,
}

/// The base URL of all requests of a connection: `https` or `http`, a host, a
/// port and a path. The [`AddressPolicy`](super::AddressPolicy) decides which
/// addresses it may resolve to.
///
/// It is parsed once, by the `url` crate (the WHATWG URL standard). Requests are
/// built from the parsed parts, so they can only go to the URL that was checked.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct BaseUrl {
    url: Url,
    scheme: UrlScheme,
    host: Host,
}

/// Why a string is not a base URL. The message completes a sentence whose subject
/// is the URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BaseUrlError {
    /// Not an absolute URL.
    #[error("must be an absolute URL such as https://api.example.com/v1")]
    NotAbsolute,
    /// Another scheme.
    #[error("must begin with https:// or http://")]
    Scheme,
    /// A user name or password before the host.
    #[error("must not contain a user name or password")]
    UserInfo,
    /// A query or fragment.
    #[error(
        "must end with its path: remove the query (`?…`) or fragment (`#…`), which cannot be sent"
    )]
    QueryOrFragment,
    /// Characters that URL parsers treat differently.
    #[error("must not contain backslashes, whitespace or control characters")]
    Ambiguous,
    /// A host that the HTTP client cannot send requests to.
    #[error("must not contain characters that are invalid in a host name")]
    Unsendable,
    /// A dot segment or an empty segment in the path.
    #[error("must not contain empty, `.` or `..` segments in its path")]
    Path,
}

impl BaseUrl {
    /// Parses a base URL. Removes a trailing slash.
    ///
    /// # Errors
    /// See [`BaseUrlError`].
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let text = text.trim();
        if text.chars().any(|c| c == '\\' || c.is_whitespace() || c.is_control()) {
            return Err(BaseUrlError::Ambiguous);
        }
        let (scheme, after_scheme) = text.split_once("://").ok_or(BaseUrlError::NotAbsolute)?;
        let mut url = Url::parse(text).map_err(|_| BaseUrlError::NotAbsolute)?;
        // This parser reads the host `a` in both `https:a://b` and `https:///a`.
        if !scheme.eq_ignore_ascii_case(url.scheme()) || after_scheme.starts_with('/') {
            return Err(BaseUrlError::NotAbsolute);
        }
        if !url.username().is_empty() || url.password().is_some() || has_user_info(after_scheme) {
            return Err(BaseUrlError::UserInfo);
        }
        if text.contains(['?', '#']) {
            return Err(BaseUrlError::QueryOrFragment);
        }
        let scheme = match url.scheme() {
            "https" => UrlScheme::Https,
            "http" => UrlScheme::Http,
            _ => return Err(BaseUrlError::Scheme),
        };
        let host = url.host().ok_or(BaseUrlError::NotAbsolute)?.to_owned();
        let written_path = after_scheme.split_once('/').map_or("", |(_, path)| path);
        let written_path = written_path.strip_suffix('/').unwrap_or(written_path);
        if !written_path.is_empty() && written_path.split('/').any(is_odd_segment) {
            return Err(BaseUrlError::Path);
        }
        if let Some(path) = url.path().strip_suffix('/').map(str::to_owned) {
            url.set_path(&path);
        }
        // The HTTP client must accept the URL too.
        Uri::try_from(url.as_str()).map_err(|_| BaseUrlError::Unsendable)?;
        Ok(Self { url, scheme, host })
    }

    /// The scheme, host and port. A credential is only sent to its origin.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The full URL of a path under this base.
    pub(crate) fn join(&self, encoded_path: &str, encoded_query: Option<&str>) -> String {
        let base = self.as_str();
        match encoded_query {
            None => format!("{base}{encoded_path}"),
            Some(query) => format!("{base}{encoded_path}?{query}"),
        }
    }

    pub(crate) fn scheme(&self) -> UrlScheme {
        self.scheme
    }

    /// The port, unless it is the scheme's default port.
    pub(crate) fn port(&self) -> Option<u16> {
        self.url.port()
    }

    pub(crate) fn host(&self) -> Host<&str> {
        match &self.host {
            Host::Domain(name) => Host::Domain(name),
            Host::Ipv4(address) => Host::Ipv4(*address),
            Host::Ipv6(address) => Host::Ipv6(*address),
        }
    }

    /// The URL without a trailing slash.
    pub fn as_str(&self) -> &str {
        let text = self.url.as_str();
        text.strip_suffix('/').unwrap_or(text)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for BaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Whether there is a user name or password, including the empty user name of
/// `https://@host`, which the parser drops.
fn has_user_info(after_scheme: &str) -> bool {
    after_scheme.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

/// Some parsers read `%2e` as a dot.
fn is_odd_segment(segment: &str) -> bool {
    let decoded = segment.to_ascii_lowercase().replace("%2e", ".");
    decoded.is_empty() || decoded == "." || decoded == ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, why: BaseUrlError) {
        assert_eq!(BaseUrl::parse(text), Err(why), "{text}");
    }

    #[test]
    fn accepts_https_and_http() {
        for (text, written) in [
            ("https://api.openai.com/v1", "https://api.openai.com/v1"),
            ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
            (" https://API.openai.com:443/v1 ", "https://api.openai.com/v1"),
            ("https://example.test", "https://example.test"),
            ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
            ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://Ollama:11434/v1/", "http://ollama:11434/v1"),
            ("http://host.docker.internal:1234/v1", "http://host.docker.internal:1234/v1"),
        ] {
            let base = BaseUrl::parse(text).unwrap();
            assert_eq!(base.as_str(), written);
            assert_eq!(base, BaseUrl::parse(written).unwrap());
        }
    }

    #[test]
    fn joins_paths_without_interpreting_them() {
        let base = BaseUrl::parse("https://example.test/v1/").unwrap();
        assert_eq!(base.join("/models", None), "https://example.test/v1/models");
        assert_eq!(base.join("/models", Some("a=b")), "https://example.test/v1/models?a=b");
        assert_eq!(base.origin(), "https://example.test");
    }

    #[test]
    fn rejects_urls_that_could_reach_another_host() {
        refused("api.openai.com/v1", BaseUrlError::NotAbsolute);
        refused("//evil.test/v1", BaseUrlError::NotAbsolute);
        refused("file:///etc/passwd", BaseUrlError::NotAbsolute);
        refused("https:evil.test://api.openai.com/v1", BaseUrlError::NotAbsolute);
        refused("https:///evil.test/v1", BaseUrlError::NotAbsolute);
        refused("https:///@evil.test/v1", BaseUrlError::NotAbsolute);
        refused("ftp://example.test", BaseUrlError::Scheme);
        refused("https://api.openai.com@evil.test/v1", BaseUrlError::UserInfo);
        refused("https://@evil.test/v1", BaseUrlError::UserInfo);
        refused("https://u:p@evil.test/v1", BaseUrlError::UserInfo);
        refused("https:\\\\evil.test", BaseUrlError::Ambiguous);
        refused("https://api.openai.com\\@evil.test", BaseUrlError::Ambiguous);
        refused("https://example.test/v1?api-version=1", BaseUrlError::QueryOrFragment);
        refused("https://example.test/v1#x", BaseUrlError::QueryOrFragment);
        refused("https://example.test/v1/..//", BaseUrlError::Path);
        refused("https://example.test/%2e%2e/v1", BaseUrlError::Path);
        refused("https://example.test//v1", BaseUrlError::Path);
    }
}
