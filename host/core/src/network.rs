//! The network between the host and a provider: the connection's own proxy and
//! certificate authorities.

use serde_json::{Map, Value};

use crate::contract::base_url::UrlScheme;
use crate::contract::json::take_text;
use crate::contract::{BaseUrl, BaseUrlError, Definition, Failure};
use crate::egress::{Authorities, Proxy, ProxyCredentials, ProxyError, RouteOptions};
use crate::options::HostOptions;

/// How a connection reaches its provider.
#[derive(Debug, Default)]
pub(crate) struct Network {
    pub proxy: Option<Proxy>,
    pub authorities: Option<Authorities>,
}

impl Network {
    /// Takes the host's own properties from the values of a connection.
    pub(crate) fn take(
        values: &mut Map<String, Value>,
        base_url: &BaseUrl,
        options: &HostOptions,
    ) -> Result<Self, Failure> {
        let proxy = take_proxy(values)?;
        if let Some(proxy) = &proxy {
            check_proxy(proxy, base_url, options)?;
        }
        Ok(Self { proxy, authorities: take_authorities(values)? })
    }

    /// The host's route options, combined with the connection's own.
    pub(crate) fn route(&self, options: &HostOptions) -> RouteOptions {
        let route = options.route();
        let authorities = match (&route.authorities, &self.authorities) {
            (Some(of_host), Some(own)) => Some(of_host.and(own)),
            (of_host, own) => of_host.as_ref().or(own.as_ref()).cloned(),
        };
        RouteOptions { authorities, proxy: self.proxy.clone(), ..route }
    }

    pub(crate) fn has_same_proxy(&self, other: &Self) -> bool {
        let url = |network: &Self| network.proxy.as_ref().map(|proxy| proxy.url().clone());
        url(self) == url(other)
    }
}

fn take_proxy(values: &mut Map<String, Value>) -> Result<Option<Proxy>, Failure> {
    let mut take = |property| take_text(values, property).filter(|text| !text.trim().is_empty());
    let (username, password) = (take(Definition::PROXY_USERNAME), take(Definition::PROXY_PASSWORD));
    // A password that was kept for a proxy that is gone has no effect.
    let Some(text) = take(Definition::PROXY) else { return Ok(None) };
    let credentials = credentials(username.as_deref(), password.as_deref())?;
    let url = parse_url(&text).map_err(of_proxy)?;
    Proxy::new(url, credentials.as_ref()).map(Some).map_err(of_proxy)
}

/// Reads the URL of a proxy, which is often written without its scheme.
fn parse_url(text: &str) -> Result<BaseUrl, String> {
    let text = text.trim();
    let with_scheme = format!("http://{text}");
    let url = BaseUrl::parse(if text.contains("://") { text } else { &with_scheme });
    url.map_err(|error| match error {
        BaseUrlError::NotAbsolute => ProxyError::Url.to_string(),
        BaseUrlError::UserInfo => format!(
            "{error}; use `{}` and `{}`",
            Definition::PROXY_USERNAME,
            Definition::PROXY_PASSWORD
        ),
        BaseUrlError::QueryOrFragment | BaseUrlError::Path => ProxyError::Path.to_string(),
        error => error.to_string(),
    })
}

fn credentials<'a>(
    username: Option<&'a str>,
    password: Option<&'a str>,
) -> Result<Option<ProxyCredentials<'a>>, Failure> {
    let invalid =
        |property: &str, why: &str| Failure::invalid_input(property, format!("`{property}` {why}"));
    let has_control = |text: Option<&str>| text.is_some_and(|text| text.contains(char::is_control));
    match (username, password) {
        (None, None) => Ok(None),
        (None, Some(_)) => {
            Err(invalid(Definition::PROXY_USERNAME, "is required, because there is a password"))
        }
        (Some(name), _) if name.contains(':') || has_control(username) => {
            let why = "must not contain a colon or control characters (RFC 7617)";
            Err(invalid(Definition::PROXY_USERNAME, why))
        }
        _ if has_control(password) => {
            Err(invalid(Definition::PROXY_PASSWORD, "must not contain control characters"))
        }
        (Some(username), password) => {
            Ok(Some(ProxyCredentials { username, password: password.unwrap_or_default() }))
        }
    }
}

/// Checks a proxy like the server of a base URL: both receive connections.
fn check_proxy(proxy: &Proxy, base_url: &BaseUrl, options: &HostOptions) -> Result<(), Failure> {
    let url = proxy.url();
    if base_url.scheme() == UrlScheme::Http {
        // The proxy, and the network on both sides of it, would see the credential.
        return Err(of_proxy("can only be used with a base URL that begins with https://"));
    }
    if let Err(error) = proxy.check(options.addresses) {
        return Err(of_proxy(format!("{url} is not allowed: {error}")));
    }
    match &options.origins {
        Some(granted) if !granted.iter().any(|one| one.origin() == url.origin()) => {
            let granted: Vec<String> = granted.iter().map(BaseUrl::origin).collect();
            let granted = granted.join(", ");
            Err(of_proxy(format!("{url} is not allowed here; allowed: {granted}")))
        }
        _ => Ok(()),
    }
}

fn of_proxy(why: impl std::fmt::Display) -> Failure {
    Failure::invalid_input(Definition::PROXY, format!("`{}` {why}", Definition::PROXY))
}

fn take_authorities(values: &mut Map<String, Value>) -> Result<Option<Authorities>, Failure> {
    const PROPERTY: &str = Definition::AUTHORITIES;
    let text = take_text(values, PROPERTY).filter(|text| !text.trim().is_empty());
    let parsed = text.map(|text| text.parse()).transpose();
    parsed.map_err(|error| Failure::invalid_input(PROPERTY, format!("`{PROPERTY}` {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::AddressPolicy;

    fn take_with(
        values: &Value,
        base_url: &str,
        options: &HostOptions,
    ) -> Result<Network, Failure> {
        let mut values = values.as_object().unwrap().clone();
        let network = Network::take(&mut values, &BaseUrl::parse(base_url).unwrap(), options)?;
        assert!(values.is_empty(), "{values:?}");
        Ok(network)
    }

    fn take(values: &Value) -> Result<Network, Failure> {
        take_with(values, "https://api.test/v1", &HostOptions::default())
    }

    #[track_caller]
    fn refused(values: &Value, property: &str, message: &str) {
        let failure = take(values).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some(property), "{values}");
        assert_eq!(failure.message, format!("`{property}` {message}"), "{values}");
    }

    #[test]
    fn a_proxy_may_be_written_without_its_scheme() {
        for (text, url) in [
            ("http://proxy.test:3128/", "http://proxy.test:3128"),
            ("https://proxy.test", "https://proxy.test"),
            (" proxy.test:3128 ", "http://proxy.test:3128"),
            ("10.0.0.1:8080", "http://10.0.0.1:8080"),
            ("localhost", "http://localhost"),
        ] {
            let proxy = take(&json!({ "proxy": text })).unwrap().proxy.unwrap();
            assert_eq!(proxy.url().as_str(), url, "{text}");
            assert!(!proxy.has_credentials());
        }
        for values in [
            json!({}),
            json!({ "proxy": " ", "certificateAuthorities": "" }),
            json!({ "proxyUsername": "ada", "proxyPassword": "secret" }),
        ] {
            assert!(take(&values).unwrap().proxy.is_none(), "{values}");
        }
    }

    #[test]
    fn credentials_of_a_proxy_have_properties_of_their_own() {
        let proxy = |username, password| json!({ "proxy": "proxy.test", "proxyUsername": username, "proxyPassword": password });
        assert!(take(&proxy("ada", "p:w")).unwrap().proxy.unwrap().has_credentials());
        assert!(take(&proxy("ada", "")).unwrap().proxy.unwrap().has_credentials());
        refused(
            &json!({ "proxy": "http://ada:secret@proxy.test:3128" }),
            "proxy",
            "must not contain a user name or password; use `proxyUsername` and `proxyPassword`",
        );
        refused(&proxy("", "secret"), "proxyUsername", "is required, because there is a password");
        let why = "must not contain a colon or control characters (RFC 7617)";
        refused(&proxy("a:b", "secret"), "proxyUsername", why);
        refused(&proxy("a\n", "secret"), "proxyUsername", why);
        refused(&proxy("a", "b\r"), "proxyPassword", "must not contain control characters");
    }

    #[test]
    fn other_urls_are_not_proxies() {
        for (url, why) in [
            ("socks5://proxy.test:1080", "must begin with https:// or http://"),
            ("http://", "must be the URL of a proxy, such as http://proxy.example.com:3128"),
            ("http://proxy.test/v1", "must not have a path"),
            ("http://proxy.test?a", "must not have a path"),
        ] {
            refused(&json!({ "proxy": url }), "proxy", why);
        }
        refused(
            &json!({ "certificateAuthorities": "ours" }),
            "certificateAuthorities",
            "contains no PEM certificate (`-----BEGIN CERTIFICATE-----`)",
        );
    }

    #[test]
    fn a_proxy_is_used_only_with_tls() {
        let values = json!({ "proxy": "proxy.test:3128" });
        let base_url = "http://localhost:11434/v1";
        let failure = take_with(&values, base_url, &HostOptions::default()).unwrap_err();
        assert_eq!(
            failure.message,
            "`proxy` can only be used with a base URL that begins with https://"
        );
    }

    #[test]
    fn what_the_host_allows_applies_to_the_proxy_too() {
        let refusal = |proxy: &str, options: &HostOptions| {
            let values = json!({ "proxy": proxy });
            take_with(&values, "https://api.test/v1", options).err().map(|failure| failure.message)
        };
        let public = HostOptions { addresses: AddressPolicy::Public, ..HostOptions::default() };
        assert_eq!(refusal("http://1.1.1.1:3128", &public), None);
        let message = refusal("http://10.0.0.1:3128", &public).unwrap();
        assert!(message.starts_with("`proxy` http://10.0.0.1:3128 is not allowed: "), "{message}");
        let granted = ["https://api.test", "http://proxy.test:3128"];
        let granted = granted.iter().map(|url| BaseUrl::parse(url).unwrap()).collect();
        let limited = HostOptions { origins: Some(granted), ..HostOptions::default() };
        assert_eq!(refusal("http://proxy.test:3128", &limited), None);
        assert_eq!(
            refusal("http://other.test:3128", &limited).unwrap(),
            "`proxy` http://other.test:3128 is not allowed here; allowed: https://api.test, \
             http://proxy.test:3128"
        );
    }
}
