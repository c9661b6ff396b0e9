//! The proxy of a connection.
//!
//! The host asks it for a tunnel (`CONNECT`, RFC 9110, section 9.3.6) and speaks
//! TLS with the provider inside, so the proxy sees the provider's host and port
//! but no request.

use std::fmt;

use ureq::ProxyProtocol;

use crate::contract::base_url::UrlScheme;
use crate::contract::{AddressError, AddressPolicy, BaseUrl};

/// A proxy. Its debug output omits the credentials.
#[derive(Clone)]
pub(crate) struct Proxy {
    url: BaseUrl,
    has_credentials: bool,
    of_ureq: ureq::Proxy,
}

/// Why a proxy could not be created. The message completes a sentence that begins
/// with the property.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum ProxyError {
    #[error("must be the URL of a proxy, such as http://proxy.example.com:3128")]
    Url,
    #[error("must not have a path")]
    Path,
}

/// The user name and password for a proxy (RFC 7617).
pub(crate) struct ProxyCredentials<'a> {
    pub username: &'a str,
    pub password: &'a str,
}

impl Proxy {
    pub(crate) fn new(
        url: BaseUrl,
        credentials: Option<&ProxyCredentials>,
    ) -> Result<Self, ProxyError> {
        if url.as_str() != url.origin() {
            return Err(ProxyError::Path);
        }
        let (protocol, default_port) = match url.scheme() {
            UrlScheme::Http => (ProxyProtocol::Http, 80),
            UrlScheme::Https => (ProxyProtocol::Https, 443),
        };
        let mut proxy = ureq::Proxy::builder(protocol)
            .host(&url.host().to_string())
            .port(url.port().unwrap_or(default_port));
        if let Some(ProxyCredentials { username, password }) = credentials {
            proxy = proxy.username(username).password(password);
        }
        let of_ureq = proxy.build().map_err(|_| ProxyError::Url)?;
        Ok(Self { url, has_credentials: credentials.is_some(), of_ureq })
    }

    pub(crate) fn url(&self) -> &BaseUrl {
        &self.url
    }

    pub(crate) fn has_credentials(&self) -> bool {
        self.has_credentials
    }

    pub(super) fn of_ureq(&self) -> ureq::Proxy {
        self.of_ureq.clone()
    }

    /// Checks what can be checked before the host name is resolved.
    pub(crate) fn check(&self, policy: AddressPolicy) -> Result<(), AddressError> {
        policy.check_host(self.url.host(), TUNNEL)
    }
}

/// The scheme under which a proxy's address is checked. What passes through the
/// tunnel is encrypted even if the connection to the proxy is not.
pub(super) const TUNNEL: UrlScheme = UrlScheme::Https;

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proxy").field(&format_args!("{}", self.url)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(url: &str) -> Result<Proxy, ProxyError> {
        Proxy::new(BaseUrl::parse(url).unwrap(), None)
    }

    #[test]
    fn uses_the_port_of_the_url_or_the_default() {
        for (url, host, port) in [
            ("http://proxy.test:3128", "proxy.test", 3128),
            ("http://proxy.test/", "proxy.test", 80),
            ("https://proxy.test", "proxy.test", 443),
            ("http://127.0.0.1:8080", "127.0.0.1", 8080),
            ("http://[::1]:8080", "[::1]", 8080),
        ] {
            let proxy = proxy(url).unwrap().of_ureq();
            assert_eq!((proxy.host(), proxy.port()), (host, port), "{url}");
        }
    }

    #[test]
    fn a_proxy_has_no_path() {
        for url in ["http://proxy.test:3128/a", "http://proxy.test/a/b"] {
            assert_eq!(proxy(url).unwrap_err(), ProxyError::Path, "{url}");
        }
    }

    #[test]
    fn prints_no_credentials() {
        let credentials = ProxyCredentials { username: "ada", password: "p@ss:%41 word" };
        let url = BaseUrl::parse("http://proxy.test:3128").unwrap();
        let proxy = Proxy::new(url, Some(&credentials)).unwrap();
        let used = proxy.of_ureq();
        assert_eq!((used.username(), used.password()), (Some("ada"), Some("p@ss:%41 word")));
        let printed = format!("{proxy:?}");
        assert!(printed.contains("proxy.test:3128"), "{printed}");
        assert!(!printed.contains("ada") && !printed.contains("p@ss"), "{printed}");
    }

    /// Plain HTTP to a proxy on the local network is allowed: only the tunnel's
    /// encrypted content passes through it.
    #[test]
    fn the_address_policy_applies_to_the_proxy() {
        use AddressError::{Metadata, NotPublic};
        for (url, public, any) in [
            ("http://proxy.test:3128", Ok(()), Ok(())),
            ("http://10.1.2.3:3128", Err(NotPublic), Ok(())),
            ("http://localhost:3128", Err(NotPublic), Ok(())),
            ("http://169.254.169.254", Err(Metadata), Err(Metadata)),
        ] {
            let proxy = proxy(url).unwrap();
            assert_eq!(proxy.check(AddressPolicy::Public), public, "{url}");
            assert_eq!(proxy.check(AddressPolicy::Any), any, "{url}");
        }
    }
}
