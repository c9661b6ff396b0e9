//! The addresses that connections may reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

use super::base_url::{BaseUrl, UrlScheme};

/// The addresses that connections may reach, and over which scheme.
///
/// | | `https` to | `http` to |
/// |---|---|---|
/// | `Public` | public addresses | none |
/// | `Any` | all addresses | loopback addresses |
/// | `PrivateHttp` | all addresses | loopback and private addresses |
///
/// Private addresses are those of local networks and containers: `10.0.0.0/8`,
/// `172.16.0.0/12`, `192.168.0.0/16`, `100.64.0.0/10` (RFC 6598, also used by
/// overlay networks), `fc00::/7` and `fe80::/10`. `169.254.0.0/16` is not one of
/// them because clouds serve credentials there. Every policy rejects the
/// addresses of cloud metadata services.
///
/// A host name is resolved once per connection, and every address it resolves to
/// must be allowed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AddressPolicy {
    /// For a service that other people call.
    Public,
    /// For your own machine.
    #[default]
    Any,
    /// For self-hosted servers, which often have no certificate: the option
    /// `--allow-private-addresses`.
    PrivateHttp,
}

/// Why an address is not allowed. The message is a complete sentence.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// `http`, and [`AddressPolicy::Public`].
    #[error(
        "http:// requires --allow-private-addresses, which allows it for loopback and private \
         addresses"
    )]
    NoHttp,
    /// `http` to an address that is not loopback, and [`AddressPolicy::Any`].
    #[error(
        "http:// is only allowed for loopback addresses, or for private addresses with \
         --allow-private-addresses; a public address needs https://"
    )]
    NotLoopback,
    /// `http` to a public address, and [`AddressPolicy::PrivateHttp`].
    #[error(
        "http:// is only allowed for loopback and private addresses; a public address needs \
         https://"
    )]
    NotPrivate,
    /// `https` to an address that is not public, and [`AddressPolicy::Public`].
    #[error("the address is not public; allow it with --allow-private-addresses")]
    NotPublic,
    /// A metadata service, which hands out the machine's credentials.
    #[error("it is the address of a cloud metadata service")]
    Metadata,
    /// An address such as `0.0.0.0`, which servers listen on but clients cannot
    /// connect to.
    #[error("clients cannot connect to it; if the server listens on 0.0.0.0, use 127.0.0.1")]
    NoServer,
}

impl AddressPolicy {
    /// Checks what is known about a URL before its host is resolved.
    pub(crate) fn check_url(self, url: &BaseUrl) -> Result<(), AddressError> {
        self.check_host(url.host(), url.scheme())
    }

    /// Checks what is known about a host before it is resolved.
    pub(crate) fn check_host(
        self,
        host: Host<&str>,
        scheme: UrlScheme,
    ) -> Result<(), AddressError> {
        match host {
            Host::Ipv4(address) => self.check(address.into(), scheme),
            Host::Ipv6(address) => self.check(address.into(), scheme),
            Host::Domain("localhost") => self.check(Ipv4Addr::LOCALHOST.into(), scheme),
            Host::Domain(_) => match (self, scheme) {
                (Self::Public, UrlScheme::Http) => Err(AddressError::NoHttp),
                (Self::Any, UrlScheme::Http) => Err(AddressError::NotLoopback),
                _ => Ok(()),
            },
        }
    }

    /// Checks an address before connecting to it.
    pub(crate) fn check(self, address: IpAddr, scheme: UrlScheme) -> Result<(), AddressError> {
        use AddressKind::{Loopback, Metadata, NoServer, Private, Public};
        match (self, scheme, AddressKind::of(address.to_canonical())) {
            (_, _, NoServer) => Err(AddressError::NoServer),
            (_, _, Metadata) => Err(AddressError::Metadata),
            (Self::Public, UrlScheme::Https, Public)
            | (Self::Any, UrlScheme::Https, _)
            | (Self::Any, UrlScheme::Http, Loopback)
            | (Self::PrivateHttp, UrlScheme::Https, _)
            | (Self::PrivateHttp, UrlScheme::Http, Loopback | Private) => Ok(()),
            (Self::Public, UrlScheme::Https, _) => Err(AddressError::NotPublic),
            (Self::Public, UrlScheme::Http, _) => Err(AddressError::NoHttp),
            (Self::Any, UrlScheme::Http, _) => Err(AddressError::NotLoopback),
            (Self::PrivateHttp, UrlScheme::Http, _) => Err(AddressError::NotPrivate),
        }
    }
}

/// The kind of an address.
enum AddressKind {
    Loopback,
    /// On a local network; see [`AddressPolicy`].
    Private,
    /// Globally reachable according to the IANA special-purpose registries
    /// (RFC 6890 and its updates).
    Public,
    /// A cloud metadata service.
    Metadata,
    /// Unspecified or multicast.
    NoServer,
    /// Reserved for another special purpose.
    Special,
}

impl AddressKind {
    fn of(address: IpAddr) -> Self {
        if address.is_unspecified() || address.is_multicast() {
            return Self::NoServer;
        }
        if is_metadata(address) {
            return Self::Metadata;
        }
        if address.is_loopback() {
            return Self::Loopback;
        }
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [a, b, c, _] = address.octets();
        match (a, b, c) {
            (10, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => Self::Private,
            // "This network", link-local.
            (0, ..) | (169, 254, _) => Self::Special,
            // Protocol assignments, 6to4 relays.
            (192, 0, 0) | (192, 88, 99) => Self::Special,
            // Documentation and benchmarks.
            (192, 0, 2) | (198, 51, 100) | (203, 0, 113) | (198, 18..=19, _) => Self::Special,
            // Reserved, broadcast.
            (240..=255, ..) => Self::Special,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if address.is_unique_local() || address.is_unicast_link_local() {
            return Self::Private;
        }
        let [a, b, ..] = address.segments();
        // The registries allocate global unicast addresses only from 2000::/3. It
        // also contains protocol assignments and Teredo (2001::/23),
        // documentation (2001:db8::/32, 3fff::/20) and 6to4 (2002::/16), which
        // embeds an IPv4 address.
        let global = a & 0xe000 == 0x2000;
        let special = matches!((a, b), (0x2001, 0..=0x01ff) | (0x2001, 0x0db8) | (0x2002, _))
            || (a == 0x3fff && b < 0x1000);
        if global && !special { Self::Public } else { Self::Special }
    }
}

/// The addresses of metadata services, some of which look public or private.
fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => matches!(
            address.octets(),
            // Nearly all clouds; container credentials on AWS; Azure; Alibaba;
            // Oracle.
            [169, 254, 169, 254]
                | [169, 254, 170, 2 | 23]
                | [168, 63, 129, 16]
                | [100, 100, 100, 200]
                | [192, 0, 0, 192]
        ),
        IpAddr::V6(address) => matches!(
            address.segments(),
            // AWS (two addresses); Google; OpenStack.
            [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23 | 0x254]
                | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]
                | [0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe]
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICIES: [AddressPolicy; 3] =
        [AddressPolicy::Public, AddressPolicy::Any, AddressPolicy::PrivateHttp];

    /// Checks `https` and `http` to these addresses under each policy.
    #[track_caller]
    fn check(
        addresses: &[&str],
        https: [Result<(), AddressError>; 3],
        http: [Result<(), AddressError>; 3],
    ) {
        for address in addresses {
            let parsed = address.parse().unwrap();
            let of = |scheme| POLICIES.map(|policy| policy.check(parsed, scheme));
            assert_eq!(of(UrlScheme::Https), https, "https to {address}");
            assert_eq!(of(UrlScheme::Http), http, "http to {address}");
        }
    }

    #[test]
    fn each_policy_allows_its_addresses() {
        use AddressError::{Metadata, NoHttp, NoServer, NotLoopback, NotPrivate, NotPublic};
        let loopback = ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"];
        check(&loopback, [Err(NotPublic), Ok(()), Ok(())], [Err(NoHttp), Ok(()), Ok(())]);
        let private = [
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "::ffff:10.0.0.1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
        ];
        check(&private, [Err(NotPublic), Ok(()), Ok(())], [Err(NoHttp), Err(NotLoopback), Ok(())]);
        let no_http = [Err(NoHttp), Err(NotLoopback), Err(NotPrivate)];
        let public = [
            "1.1.1.1",
            "104.18.6.192",
            "9.255.255.255",
            "11.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "168.63.129.15",
            "2606:4700::6812:6c0",
        ];
        check(&public, [Ok(()), Ok(()), Ok(())], no_http);
        let special = [
            "0.1.2.3",
            "169.254.1.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "255.255.255.255",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "64:ff9b::c0a8:101",
            "100::1",
            "fec0::1",
        ];
        check(&special, [Err(NotPublic), Ok(()), Ok(())], no_http);
        let metadata = [
            "169.254.169.254",
            "169.254.170.2",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "::ffff:169.254.169.254",
            "::ffff:168.63.129.16",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fe80::a9fe:a9fe",
        ];
        check(&metadata, [Err(Metadata); 3], [Err(Metadata); 3]);
        let none = ["0.0.0.0", "224.0.0.1", "::", "ff02::1"];
        check(&none, [Err(NoServer); 3], [Err(NoServer); 3]);
    }

    #[test]
    fn checks_a_url_before_its_host_is_resolved() {
        use AddressError::{Metadata, NoHttp, NoServer, NotLoopback, NotPrivate, NotPublic};
        for (url, expected) in [
            ("https://api.example.com/v1", [Ok(()), Ok(()), Ok(())]),
            ("https://127.0.0.1:8080/v1", [Err(NotPublic), Ok(()), Ok(())]),
            ("https://localhost", [Err(NotPublic), Ok(()), Ok(())]),
            ("http://127.0.0.1:8080/v1", [Err(NoHttp), Ok(()), Ok(())]),
            ("http://0x7f.1/v1", [Err(NoHttp), Ok(()), Ok(())]),
            ("http://[::1]:8080/v1", [Err(NoHttp), Ok(()), Ok(())]),
            ("http://LOCALHOST:8080", [Err(NoHttp), Ok(()), Ok(())]),
            ("http://192.168.0.1:11434/v1", [Err(NoHttp), Err(NotLoopback), Ok(())]),
            ("http://[fd12:3456::1]/v1", [Err(NoHttp), Err(NotLoopback), Ok(())]),
            // The addresses of these hosts are checked when connecting.
            ("http://ollama:11434/v1", [Err(NoHttp), Err(NotLoopback), Ok(())]),
            ("http://host.docker.internal:1234", [Err(NoHttp), Err(NotLoopback), Ok(())]),
            ("http://studio.local:1234/v1", [Err(NoHttp), Err(NotLoopback), Ok(())]),
            ("http://localhost.evil.test", [Err(NoHttp), Err(NotLoopback), Ok(())]),
            ("http://1.1.1.1/v1", [Err(NoHttp), Err(NotLoopback), Err(NotPrivate)]),
            ("http://169.254.169.254/latest", [Err(Metadata); 3]),
            ("https://[fd00:ec2::254]/latest", [Err(Metadata); 3]),
            ("http://0.0.0.0:11434/v1", [Err(NoServer); 3]),
        ] {
            let base = BaseUrl::parse(url).unwrap();
            assert_eq!(POLICIES.map(|policy| policy.check_url(&base)), expected, "{url}");
        }
    }
}
