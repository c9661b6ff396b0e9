//! Who is served.
//!
//! With a key, whoever sends it. Without one, this machine alone: a browser's
//! pages from elsewhere can make it send requests here, so a request must have
//! been sent to this machine by name (else a foreign name was made to point
//! here, which is DNS rebinding) and must not come from another origin's page.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use connector_host::{TextError, read_text};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Listen;
use super::problem::Problem;

/// Where a browser's request comes from (Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The shortest key.
const SHORTEST: usize = 16;

/// The key that callers send, as its hash: keys are compared in constant time,
/// whatever their lengths.
#[derive(Clone)]
pub struct ApiKey([u8; 32]);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// The file is no text.
    #[error("the API key's file {0}")]
    Text(#[from] TextError),
    /// It can be guessed, or not be sent.
    #[error("it must be at least {SHORTEST} visible ASCII characters")]
    Weak,
}

impl ApiKey {
    /// Reads a key from a file that holds nothing else.
    ///
    /// # Errors
    /// See [`ApiKeyError`].
    pub fn from_file(path: &Path) -> Result<Self, ApiKeyError> {
        Self::new(read_text(&std::fs::read(path)?)?)
    }

    fn new(text: &str) -> Result<Self, ApiKeyError> {
        let text = text.trim();
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        match SHORTEST <= text.len() && is_visible {
            true => Ok(Self(Sha256::digest(text).into())),
            false => Err(ApiKeyError::Weak),
        }
    }

    fn opens(&self, given: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(given).into();
        self.0.ct_eq(&given).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

/// The rule.
pub enum Access {
    /// Whoever sends the key.
    Key(ApiKey),
    /// This machine.
    ThisMachine,
    /// Whoever may open the socket: the file system knows.
    Socket,
}

impl Access {
    /// The rule of a service with this key that listens there.
    pub fn new(key: Option<ApiKey>, listen: &Listen) -> Self {
        match (key, listen) {
            (Some(key), _) => Self::Key(key),
            (None, Listen::Tcp(_)) => Self::ThisMachine,
            (None, Listen::Unix(_)) => Self::Socket,
        }
    }

    fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let path = uri.path();
        match self {
            Self::Socket => Ok(()),
            Self::Key(_) if is_open(path) => Ok(()),
            Self::Key(key) => {
                let header = text(headers, header::AUTHORIZATION);
                let is_right = header
                    .and_then(|value| value.split_once(' '))
                    .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
                    .is_some_and(|(_, given)| key.opens(given.trim()));
                let refused = match header {
                    _ if is_right => return Ok(()),
                    None => "send the service's API key as `Authorization: Bearer …`",
                    // In whatever way it is wrong.
                    Some(_) => "`Authorization` must be `Bearer` and this service's API key",
                };
                Err(Problem::new(StatusCode::UNAUTHORIZED, refused))
            }
            Self::ThisMachine => {
                check_local(uri, headers)?;
                if is_open(path) { Ok(()) } else { check_site(headers) }
            }
        }
    }
}

/// The page without its data, and what tells whether the service lives.
fn is_open(path: &str) -> bool {
    path == "/" || path.starts_with("/assets/") || path.starts_with("/health/")
}

fn check_local(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let host = text(headers, header::HOST).unwrap_or_default();
    // RFC 9112 §3.2.2: a host in the request's target is the one that counts.
    let is_local = uri.authority().is_none_or(|target| is_loopback(target.as_str()));
    if !is_local || !is_loopback(host) {
        let refused = "without --api-key-file only requests to localhost are served";
        return Err(Problem::new(StatusCode::FORBIDDEN, refused));
    }
    let is_same = |origin: &str| origin.strip_prefix("http://") == Some(host);
    match text(headers, header::ORIGIN) {
        Some(origin) if !is_same(origin) => {
            let refused = "requests from other origins' pages are not served";
            Err(Problem::new(StatusCode::FORBIDDEN, refused))
        }
        _ => Ok(()),
    }
}

/// Refuses what a browser sends for another site's page without an `Origin`,
/// as for an image. Other programs do not send the header.
fn check_site(headers: &HeaderMap) -> Result<(), Problem> {
    match text(headers, SEC_FETCH_SITE) {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => {
            let refused = "requests for other sites' pages are not served";
            Err(Problem::new(StatusCode::FORBIDDEN, refused))
        }
    }
}

/// Whether a `Host` header names this machine.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A header that is there once and is text. What is there twice is refused by
/// being no value at all.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().or(Some("")),
        (None, _) => None,
        _ => Some(""),
    }
}

/// Lets a request through, or answers it.
pub async fn guard(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    match access.check(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef";

    fn serves(access: &Access, path: &str, headers: &[(HeaderName, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value.parse().unwrap());
        }
        access.check(&path.parse().unwrap(), &map).is_ok()
    }

    #[test]
    fn without_a_key_this_machine_is_served() {
        let local = |host: &str, origin: Option<&str>| {
            let mut headers = vec![(header::HOST, host)];
            headers.extend(origin.map(|origin| (header::ORIGIN, origin)));
            serves(&Access::ThisMachine, "/api/v1/components", &headers)
        };
        for host in ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST:1"] {
            assert!(local(host, None), "{host}");
            assert!(local(host, Some(&format!("http://{host}"))), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "192.168.0.1",
            "user@localhost",
            "169.254.169.254",
            "0.0.0.0:8080",
            "[::]:8080",
        ] {
            assert!(!local(host, None), "{host}");
        }
        for origin in [
            "http://evil.example",
            "null",
            "http://localhost:8081",
            "https://localhost:8080",
            "http://localhost",
            "",
        ] {
            assert!(!local("localhost:8080", Some(origin)), "{origin}");
        }
        let host = (header::HOST, "localhost:8080");
        assert!(serves(
            &Access::ThisMachine,
            "http://localhost:8080/metrics",
            std::slice::from_ref(&host)
        ));
        assert!(!serves(
            &Access::ThisMachine,
            "http://evil.example/metrics",
            std::slice::from_ref(&host)
        ));
        for (site, path, is_served) in [
            ("same-origin", "/metrics", true),
            ("none", "/metrics", true),
            ("cross-site", "/metrics", false),
            ("same-site", "/metrics", false),
            ("", "/metrics", false),
            ("cross-site", "/", true),
        ] {
            let headers = [host.clone(), (SEC_FETCH_SITE, site)];
            assert_eq!(serves(&Access::ThisMachine, path, &headers), is_served, "{site} {path}");
        }
        let twice = [(header::HOST, "localhost"), (header::HOST, "evil.example")];
        assert!(!serves(&Access::ThisMachine, "/", &twice));
    }

    #[test]
    fn with_a_key_whoever_sends_it_is_served() {
        let access = Access::Key(ApiKey::new(&format!(" {KEY}\n")).unwrap());
        let with =
            |value: &str| serves(&access, "/api/v1/files", &[(header::AUTHORIZATION, value)]);
        assert!(with(&format!("Bearer {KEY}")));
        assert!(with(&format!("bearer  {KEY}")));
        for wrong in ["", "Bearer", "Bearer ", "Bearer 0123456789abcdeX", KEY, "Basic x"] {
            assert!(!with(wrong), "{wrong}");
        }
        assert!(!serves(&access, "/api/v1/files", &[]));
        assert!(!serves(&access, "/metrics", &[]));
        assert!(!serves(&access, "/openapi.json", &[]));
        for open in ["/", "/assets/app.js", "/health/live"] {
            assert!(serves(&access, open, &[]), "{open}");
        }
    }

    #[test]
    fn a_key_is_long_and_never_printed() {
        assert!(matches!(ApiKey::new("short"), Err(ApiKeyError::Weak)));
        assert!(matches!(ApiKey::new("0123456789 abcdef"), Err(ApiKeyError::Weak)));
        assert_eq!(format!("{:?}", ApiKey::new(KEY).unwrap()), "****");
    }
}
