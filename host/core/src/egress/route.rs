//! Where a connection sends its requests, and what it adds to them.

use std::fmt;
use std::time::Duration;

use ureq::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use ureq::tls::TlsConfig;
use ureq::unversioned::resolver::DefaultResolver;

use crate::contract::{AddressPolicy, BaseUrl, Failure};

use super::authorities::Authorities;
use super::proxy::Proxy;
use super::redact::Redactor;
use super::resolver::{CheckingResolver, DeferredResolver};
use super::secret::Secret;
use super::socket::WatchedConnector;

/// Each idle connection takes a socket, and a pool larger than the number of
/// concurrent runs is of no use.
const MAX_IDLE: usize = 1_000;
/// The size of ureq's buffers for TLS. They can be small, because rustls has
/// its own and larger ones sit above them ([`super::socket`]).
const TLS_PIECE: usize = 4 * 1024;

/// A connection as the egress path sees it: one origin, one credential, one
/// pool of sockets. Connections share none of these.
pub(crate) struct Route {
    base: BaseUrl,
    credential: Option<Credential>,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    lasting_errors: Vec<String>,
    redactor: Redactor,
    has_unredacted_secret: bool,
    proxy: Option<Proxy>,
    agent: ureq::Agent,
}

/// A secret and where it goes.
pub(crate) enum Credential {
    Header {
        name: HeaderName,
        prefix: String,
        secret: Secret,
        /// The parts that the secret was built from, if they are secret too.
        parts: Vec<Secret>,
    },
    Query {
        name: String,
        secret: Secret,
    },
}

impl Credential {
    fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let (secret, parts) = match self {
            Self::Header { secret, parts, .. } => (secret, parts.as_slice()),
            Self::Query { secret, .. } => (secret, &[][..]),
        };
        parts.iter().chain([secret])
    }
}

/// A header that every request of a connection carries.
pub(crate) struct Header {
    name: HeaderName,
    value: HeaderValue,
    /// The value, if it is secret.
    secret: Option<Secret>,
}

impl Header {
    /// Returns `None` if the name or the value is not valid in a header, or if
    /// the header affects the message's framing.
    pub(crate) fn new(name: &str, value: &str, is_secret: bool) -> Option<Self> {
        let name = header_name(name)?;
        let secret = is_secret.then(|| Secret::of_header(value));
        let mut value = HeaderValue::try_from(value).ok()?;
        value.set_sensitive(is_secret);
        Some(Self { name, value, secret })
    }

    pub(crate) fn has_same_name_as(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Where a connection's requests go, and what each of them carries.
pub(crate) struct Destination {
    pub base: BaseUrl,
    pub credential: Option<Credential>,
    pub headers: Vec<Header>,
    /// The query parameters that every request carries.
    pub query: Vec<(String, String)>,
    /// Strings that mark an error response as permanent: retrying does not help.
    pub lasting_errors: Vec<String>,
}

/// What a route needs beyond its destination.
pub(crate) struct RouteOptions {
    pub addresses: AddressPolicy,
    pub concurrent_runs: u32,
    pub connect_timeout: Duration,
    pub authorities: Option<Authorities>,
    pub proxy: Option<Proxy>,
}

impl Route {
    pub(crate) fn new(destination: Destination, options: &RouteOptions) -> Self {
        let Destination { base, credential, headers, query, lasting_errors } = destination;
        let secrets = headers.iter().filter_map(|header| header.secret.as_ref());
        let secrets: Vec<&Secret> =
            secrets.chain(credential.iter().flat_map(Credential::secrets)).collect();
        let has_unredacted_secret = secrets.iter().any(|secret| !secret.is_redacted());
        let redactor = Redactor::new(secrets);
        let headers = headers.into_iter().map(|header| (header.name, header.value)).collect();
        Self {
            base,
            credential,
            headers,
            query,
            lasting_errors,
            redactor,
            has_unredacted_secret,
            proxy: options.proxy.clone(),
            agent: agent(options),
        }
    }

    pub(crate) fn base(&self) -> &BaseUrl {
        &self.base
    }

    pub(crate) fn has_unredacted_secret(&self) -> bool {
        self.has_unredacted_secret
    }

    /// The proxy that its requests pass through.
    pub(super) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    pub(super) fn agent(&self) -> &ureq::Agent {
        &self.agent
    }

    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Strings that mark an error response as permanent.
    pub(super) fn lasting_errors(&self) -> &[String] {
        &self.lasting_errors
    }

    /// The headers that every request of this connection carries.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The request's query with the connection's own parameters added. A
    /// request may not set those itself.
    pub(super) fn query(&self, asked: &[(String, String)]) -> Result<Option<String>, Failure> {
        let credential = match &self.credential {
            Some(Credential::Query { name, secret }) => Some((name.as_str(), secret.expose())),
            _ => None,
        };
        let own = self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let own: Vec<(&str, &str)> = own.chain(credential).collect();
        let is_own = |(name, _): &&(String, String)| own.iter().any(|(own, _)| own == name);
        if let Some((name, _)) = asked.iter().find(is_own) {
            let name = name.escape_debug();
            return Err(super::not_allowed(format!(
                "parameter `{name}` can only be set by the host"
            )));
        }
        let asked = asked.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Ok(super::target::query(asked.chain(own)))
    }

    /// Attaches the credential, if the request goes to the connection's origin.
    /// It does by construction, but this is the place where a mistake would
    /// leak the credential, so it is checked here again.
    pub(super) fn authorize(&self, target: &Uri, headers: &mut HeaderMap) -> Result<(), Failure> {
        let origin = match (target.scheme_str(), target.authority()) {
            (Some(scheme), Some(authority)) => format!("{scheme}://{authority}"),
            _ => String::new(),
        };
        if origin != self.base.origin() {
            return Err(super::not_allowed("its URL is outside the connection's origin"));
        }
        if let Some(Credential::Header { name, prefix, secret, .. }) = &self.credential {
            let value = secret
                .header(prefix)
                .map_err(|error| super::not_allowed(format!("the credential {error}")))?;
            headers.insert(name.clone(), value);
        }
        Ok(())
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Creates an agent that follows no redirects (a token must not follow one), uses
/// no proxy except the connection's own (one from the environment would see the
/// token of plain HTTP requests) and does not turn a status into an error (the
/// connector reads it).
fn agent(options: &RouteOptions) -> ureq::Agent {
    let idle = (options.concurrent_runs as usize).min(MAX_IDLE);
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(options.proxy.as_ref().map(Proxy::of_ureq))
        .user_agent(concat!("workflow-connector/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(options.connect_timeout))
        .max_idle_connections(idle)
        .max_idle_connections_per_host(idle)
        .input_buffer_size(TLS_PIECE)
        .output_buffer_size(TLS_PIECE);
    if let Some(authorities) = &options.authorities {
        config =
            config.tls_config(TlsConfig::builder().root_certs(authorities.root_certs()).build());
    }
    let resolver =
        CheckingResolver { inner: DefaultResolver::default(), policy: options.addresses };
    ureq::Agent::with_parts(config.build(), WatchedConnector::new(resolver), DeferredResolver)
}

/// The text as a header value, if it is valid.
pub(crate) fn header_value(text: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(text).ok()
}

/// The name of a header that a connection's definition may add. Headers that
/// affect the message's framing are left to the host.
pub(crate) fn header_name(text: &str) -> Option<HeaderName> {
    const FRAMING: [&str; 6] =
        ["connection", "content-length", "content-type", "host", "transfer-encoding", "upgrade"];
    HeaderName::try_from(text).ok().filter(|name| !FRAMING.contains(&name.as_str()))
}
