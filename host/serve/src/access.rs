//! Access control.
//!
//! If API keys are configured, callers must send one. Otherwise only callers on
//! this machine are served. Web pages of other sites can make a browser send
//! requests here, so the `Host` header must name this machine, which prevents
//! DNS rebinding, and the request must not come from a page of another origin.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use connector_host::{FileStore, TextError, read_text};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Listen;
use super::problem::Problem;
use connector_store::ConnectionRecord;

/// The relation of a browser's request to this site (Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The minimum length of a key.
const MIN_KEY: usize = 16;

/// The sender of a request, and the stored connections that it may use.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The name of its key. None if all callers share one key or need no key.
    name: Option<Arc<str>>,
    /// Ids, names, or names qualified by a connector such as `openai/v1/work`.
    /// None allows all connections.
    connections: Option<Arc<[String]>>,
}

impl Caller {
    /// Whether it may use a stored connection.
    pub fn may_use(&self, record: &ConnectionRecord) -> bool {
        let ConnectionRecord { id, component, name, .. } = record;
        let full_name = format!("{component}/{name}");
        let is_named = |wanted: &String| [id, name, &full_name].contains(&wanted);
        self.connections.as_ref().is_none_or(|connections| connections.iter().any(is_named))
    }

    /// Whether it may create and change stored connections.
    pub fn may_change_connections(&self) -> bool {
        self.connections.is_none()
    }

    /// Returns this caller's view of the files. No other caller can see its files.
    pub fn files(&self, all: &FileStore) -> FileStore {
        self.name.as_ref().map_or_else(|| all.clone(), |name| all.of_owner(name))
    }

    /// Makes an idempotency key unique to this caller.
    pub fn scoped_key(&self, key: &str) -> String {
        match &self.name {
            // Unambiguous, because neither contains a space.
            Some(name) => format!("{name} {key}"),
            None => key.to_owned(),
        }
    }
}

/// The hashes of the keys that callers send. Comparing hashes takes constant
/// time regardless of the keys' lengths.
#[derive(Clone)]
pub struct ApiKeys(Vec<(Caller, [u8; 32])>);

/// Why a file of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// The file is not UTF-8 text.
    #[error("the file {0}")]
    Text(#[from] TextError),
    /// The file starts like JSON but is not a list of keys.
    #[error("expected a JSON list of {{name, key, connections}}: {0}")]
    List(#[from] serde_json::Error),
    /// A key is too short, or cannot be sent in a header.
    #[error("a key must be at least {MIN_KEY} visible ASCII characters")]
    Weak,
    /// A name is duplicated or invalid.
    #[error("each key needs a unique name of visible ASCII characters")]
    Name,
    /// The list is empty.
    #[error("the list contains no keys")]
    None,
    /// Two callers have the same key.
    #[error("the list contains the same key twice")]
    Same,
    /// Several keys, where all callers share everything.
    #[error("expected a single key without `connections`: all callers share files and connections")]
    Several,
}

/// A key in a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a key")]
struct NamedKey {
    name: String,
    key: String,
    /// Ids, names, or qualified names such as `openai/v1/work`. If it is missing,
    /// all connections are allowed. `null` is an error.
    #[serde(default, deserialize_with = "list")]
    connections: Option<Vec<String>>,
}

fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Vec::deserialize(deserializer).map(Some)
}

impl ApiKeys {
    /// Reads keys from a file, which contains either a single key or a JSON list
    /// of named keys.
    ///
    /// # Errors
    /// See [`ApiKeyError`].
    pub fn from_file(path: &Path) -> Result<Self, ApiKeyError> {
        Self::read(read_text(&std::fs::read(path)?)?)
    }

    fn read(text: &str) -> Result<Self, ApiKeyError> {
        if !text.trim_start().starts_with(['[', '{']) {
            return Ok(Self(vec![(Caller::default(), hash(text)?)]));
        }
        let named: Vec<NamedKey> = serde_json::from_str(text)?;
        let mut keys: Vec<(Caller, [u8; 32])> = Vec::new();
        for NamedKey { name, key, connections } in named {
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
            if !is_name || keys.iter().any(|(of, _)| of.name.as_deref() == Some(name.as_str())) {
                return Err(ApiKeyError::Name);
            }
            let (name, connections) = (Some(name.into()), connections.map(Into::into));
            let hash = hash(&key)?;
            if keys.iter().any(|(_, other)| *other == hash) {
                return Err(ApiKeyError::Same);
            }
            keys.push((Caller { name, connections }, hash));
        }
        if keys.is_empty() { Err(ApiKeyError::None) } else { Ok(Self(keys)) }
    }

    /// Checks that there is a single key, and that it is not limited to some
    /// connections.
    ///
    /// # Errors
    /// If there are several keys, or if the key is limited.
    pub fn single(self) -> Result<Self, ApiKeyError> {
        match self.0.as_slice() {
            [(caller, _)] if caller.may_change_connections() => Ok(self),
            _ => Err(ApiKeyError::Several),
        }
    }

    /// Returns the caller with this key. Always compares all keys, so that the
    /// time does not depend on which one matches.
    fn caller(&self, given: &str) -> Option<Caller> {
        let given: [u8; 32] = Sha256::digest(given).into();
        self.0.iter().fold(None, |found, (caller, hash)| {
            if hash.ct_eq(&given).into() { Some(caller.clone()) } else { found }
        })
    }
}

fn hash(key: &str) -> Result<[u8; 32], ApiKeyError> {
    let key = key.trim();
    let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if key.len() < MIN_KEY || !is_visible {
        return Err(ApiKeyError::Weak);
    }
    Ok(Sha256::digest(key).into())
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

/// The callers that are served.
pub enum Access {
    /// Callers that send one of these keys.
    Keys(ApiKeys),
    /// Callers on this machine.
    ThisMachine,
    /// Callers that the file system permits to open the socket.
    Socket,
}

impl Access {
    /// Returns the rule for a service with these keys on this address.
    pub fn new(keys: Option<ApiKeys>, listen: &Listen) -> Self {
        match (keys, listen) {
            (Some(keys), _) => Self::Keys(keys),
            (None, Listen::Tcp(_)) => Self::ThisMachine,
            (None, Listen::Unix(_)) => Self::Socket,
        }
    }

    fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<Caller, Problem> {
        let path = uri.path();
        match self {
            Self::Socket => Ok(Caller::default()),
            Self::Keys(_) if is_open(path) => Ok(Caller::default()),
            Self::Keys(keys) => {
                let header = text(headers, header::AUTHORIZATION);
                let caller = header
                    .and_then(|value| value.split_once(' '))
                    .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
                    .and_then(|(_, given)| keys.caller(given.trim()));
                if let Some(caller) = caller {
                    return Ok(caller);
                }
                let refused = match header {
                    None => "send the service's API key as `Authorization: Bearer …`",
                    // The same message for all mistakes.
                    Some(_) => {
                        "`Authorization` must be `Bearer` followed by this service's API key"
                    }
                };
                Err(Problem::new(StatusCode::UNAUTHORIZED, refused))
            }
            Self::ThisMachine => {
                check_local(uri, headers)?;
                if !is_open(path) {
                    check_site(headers)?;
                }
                Ok(Caller::default())
            }
        }
    }
}

/// Whether a path needs no key: the page, without its data, and health checks.
fn is_open(path: &str) -> bool {
    path == "/" || path.starts_with("/assets/") || path.starts_with("/health/")
}

fn check_local(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let host = text(headers, header::HOST).unwrap_or_default();
    // RFC 9112 §3.2.2: a host in the request target overrides the header.
    let is_local = uri.authority().is_none_or(|target| is_loopback(target.as_str()));
    if !is_local || !is_loopback(host) {
        let refused = "without --api-key-file, only requests to localhost are served";
        return Err(Problem::new(StatusCode::FORBIDDEN, refused));
    }
    let is_same = |origin: &str| origin.strip_prefix("http://") == Some(host);
    match text(headers, header::ORIGIN) {
        Some(origin) if !is_same(origin) => {
            let refused = "requests from pages of other origins are not served";
            Err(Problem::new(StatusCode::FORBIDDEN, refused))
        }
        _ => Ok(()),
    }
}

/// Refuses requests that a browser makes for a page of another site without an
/// `Origin` header, for example for an image. Other programs do not send `Sec-Fetch-Site`.
fn check_site(headers: &HeaderMap) -> Result<(), Problem> {
    match text(headers, SEC_FETCH_SITE) {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => {
            let refused = "requests from pages of other sites are not served";
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

/// Returns the value of a header. A duplicate or non-ASCII header counts as
/// empty, which is refused.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().or(Some("")),
        (None, _) => None,
        _ => Some(""),
    }
}

/// Passes a permitted request on, with its caller, or returns a problem.
pub async fn guard(
    State(access): State<Arc<Access>>,
    mut request: Request,
    next: Next,
) -> Response {
    match access.check(request.uri(), request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
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
    fn without_a_key_only_this_machine_is_served() {
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
    fn with_a_key_only_callers_that_send_it_are_served() {
        let access = Access::Keys(ApiKeys::read(&format!(" {KEY}\n")).unwrap());
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
    fn a_named_key_has_its_own_connections_and_idempotency_keys() {
        let keys = ApiKeys::read(&format!(
            r#"[{{"name": "crm", "key": "{KEY}", "connections": ["work", "openai/v1/shop"]}},
                {{"name": "admin", "key": "{KEY}-of-admin"}}]"#
        ));
        let keys = keys.unwrap();
        let record = |name: &str| ConnectionRecord {
            id: format!("conn_{name}"),
            component: "openai/v1".to_owned(),
            name: name.to_owned(),
            created_at: String::new(),
            updated_at: String::new(),
            bound: None,
        };
        let other = ConnectionRecord { component: "other/v1".to_owned(), ..record("shop") };
        assert!(keys.caller(KEY).unwrap().may_use(&record("shop")));
        assert!(!keys.caller(KEY).unwrap().may_use(&other));
        let crm = keys.caller(KEY).unwrap();
        assert!(crm.may_use(&record("work")) && !crm.may_use(&record("other")));
        assert!(!crm.may_change_connections());
        let admin = keys.caller(&format!("{KEY}-of-admin")).unwrap();
        assert!(admin.may_use(&record("other")) && admin.may_change_connections());
        assert_ne!(crm.scoped_key("a"), admin.scoped_key("a"));
        assert!(keys.caller("an-unknown-key-0123").is_none());
        assert!(keys.single().is_err());
        for (wrong, why) in [
            ("[]", "no keys"),
            (r#"[{"name": "a", "key": "short"}]"#, "at least 16"),
            (r#"[{"name": "", "key": "0123456789abcdef"}]"#, "unique name"),
            (r#"[{"name": "a"}]"#, "expected a JSON list"),
            (r#"[{"name": "a", "key": "0123456789abcdef", "connections": null}]"#, "null"),
            (
                r#"[{"name": "a", "key": "0123456789abcdef"}, {"name": "b", "key": "0123456789abcdef"}]"#,
                "same key twice",
            ),
        ] {
            let error = ApiKeys::read(wrong).unwrap_err().to_string();
            assert!(error.contains(why), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_key_has_a_minimum_length_and_is_never_printed() {
        assert!(matches!(ApiKeys::read("short"), Err(ApiKeyError::Weak)));
        assert!(matches!(ApiKeys::read("0123456789 abcdef"), Err(ApiKeyError::Weak)));
        assert_eq!(format!("{:?}", ApiKeys::read(KEY).unwrap()), "****");
    }
}
