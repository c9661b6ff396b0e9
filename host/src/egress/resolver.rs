//! Name resolution that looks at every address before one is connected to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::panic::{AssertUnwindSafe, catch_unwind};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Which addresses connections may lead to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AddressPolicy {
    /// Any address, also of the local network: for a person's own machine.
    #[default]
    Any,
    /// Public addresses only: for a service that others call.
    Public,
}

/// Leaves the lookup to whoever makes a connection.
#[derive(Debug)]
pub(super) struct LaterResolver;

impl Resolver for LaterResolver {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// The checks and the connection use the same lookup: a name that changes
/// its answer in between changes nothing.
#[derive(Debug)]
pub(super) struct CheckingResolver<R = DefaultResolver> {
    pub inner: R,
    pub policy: AddressPolicy,
}

/// A name led to an address that connections may not lead to.
#[derive(Debug)]
pub(super) struct AddressRefused {
    pub address: IpAddr,
    why: &'static str,
}

impl fmt::Display for AddressRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server's address {} is {}", self.address, self.why)
    }
}

impl std::error::Error for AddressRefused {}

/// The machine has no thread for a lookup.
#[derive(Debug)]
pub(super) struct NoThread;

impl fmt::Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no thread for the lookup of the host")
    }
}

impl std::error::Error for NoThread {}

impl<R: Resolver> Resolver for CheckingResolver<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        // ureq looks names up on a thread, and panics where there is none.
        let resolve = AssertUnwindSafe(|| self.inner.resolve(uri, config, timeout));
        let addresses =
            catch_unwind(resolve).map_err(|_| ureq::Error::Other(Box::new(NoThread)))??;
        let plain = uri.scheme_str() == Some("http");
        for address in &*addresses {
            check(address.ip(), plain, self.policy)
                .map_err(|refused| ureq::Error::Other(Box::new(refused)))?;
        }
        Ok(addresses)
    }
}

/// Plain `http` goes to loopback only, whatever the name resolves to.
fn check(address: IpAddr, plain: bool, policy: AddressPolicy) -> Result<(), AddressRefused> {
    let address = address.to_canonical();
    let refuse = |why| Err(AddressRefused { address, why });
    if plain && !address.is_loopback() {
        return refuse("not a loopback address, and http is allowed to loopback only");
    }
    match policy {
        AddressPolicy::Public if !is_public(address) => {
            refuse("not public, and this host reaches public addresses only")
        }
        _ if address.is_unspecified() || address.is_multicast() => {
            refuse("not the address of a server")
        }
        _ => Ok(()),
    }
}

/// The addresses that the IANA special-purpose registries call globally
/// reachable (RFC 6890 and its updates).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // "This network", private, loopback, link-local.
        (0 | 10 | 127, ..) | (172, 16..=31, _) | (192, 168, _) | (169, 254, _) => true,
        // Shared by carriers (RFC 6598), protocol assignments, 6to4 relays.
        (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) => true,
        // Documentation and benchmarks.
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) | (198, 18..=19, _) => true,
        // Multicast, reserved, broadcast.
        (224..=255, ..) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Only 2000::/3 is unicast that the registries hand out; in it stand
    // protocol assignments and Teredo (2001::/23), documentation
    // (2001:db8::/32, 3fff::/20) and 6to4 (2002::/16), which hides an IPv4
    // address.
    let global = a & 0xe000 == 0x2000;
    let special = matches!((a, b), (0x2001, 0..=0x01ff) | (0x2001, 0x0db8) | (0x2002, _))
        || (a == 0x3fff && b < 0x1000);
    global && !special
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use ureq::unversioned::transport::{ConnectionDetails, Connector};

    use super::super::socket::WatchedConnector;
    use super::*;

    #[track_caller]
    fn allowed(address: &str, plain: bool, policy: AddressPolicy) -> bool {
        check(address.parse().unwrap(), plain, policy).is_ok()
    }

    /// A resolver that has another answer each time it is asked.
    #[derive(Debug)]
    struct Changing {
        answers: Vec<Vec<&'static str>>,
        asked: Arc<AtomicUsize>,
    }

    impl Resolver for Changing {
        fn resolve(
            &self,
            _: &Uri,
            _: &Config,
            _: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let mut addresses = self.empty();
            for answer in &self.answers[self.asked.fetch_add(1, Ordering::SeqCst)] {
                addresses.push(SocketAddr::new(answer.parse().unwrap(), 443));
            }
            Ok(addresses)
        }
    }

    /// Connects to nothing and keeps where it was told to connect to.
    #[derive(Debug, Default)]
    struct Told(Arc<Mutex<Vec<Vec<SocketAddr>>>>);

    impl Connector for Told {
        type Out = ();

        fn connect(
            &self,
            details: &ConnectionDetails,
            _: Option<()>,
        ) -> Result<Option<()>, ureq::Error> {
            self.0.lock().unwrap().push(details.addrs.to_vec());
            Err(ureq::Error::ConnectionFailed)
        }
    }

    #[test]
    fn what_was_checked_is_connected_to_and_nothing_else() {
        let asked = Arc::new(AtomicUsize::new(0));
        let inner = Changing {
            answers: vec![
                vec!["1.1.1.1", "1.0.0.1"],
                vec!["1.1.1.1", "127.0.0.1"],
                vec!["::ffff:169.254.169.254"],
                vec!["1.1.1.1"],
            ],
            asked: Arc::clone(&asked),
        };
        let resolver = CheckingResolver { inner, policy: AddressPolicy::Public };
        let told = Told::default();
        let addresses = Arc::clone(&told.0);
        let connector = WatchedConnector::of(told, resolver);
        let agent = ureq::Agent::with_parts(Config::default(), connector, LaterResolver);
        let refused: Vec<bool> = (0..4)
            .map(|_| match agent.get("https://rebinding.test/").call() {
                Err(ureq::Error::Other(error)) => error.is::<AddressRefused>(),
                Err(ureq::Error::ConnectionFailed) => false,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(refused, [false, true, true, false]);
        // One lookup for each connection: there is no second to answer otherwise.
        assert_eq!(asked.load(Ordering::SeqCst), 4);
        let ip = |address: &SocketAddr| address.ip().to_string();
        let told: Vec<Vec<String>> =
            addresses.lock().unwrap().iter().map(|all| all.iter().map(ip).collect()).collect();
        assert_eq!(told, [vec!["1.1.1.1", "1.0.0.1"], vec!["1.1.1.1"]]);
    }

    #[test]
    fn a_service_reaches_public_addresses_only() {
        for public in ["1.1.1.1", "104.18.6.192", "2606:4700::6812:6c0"] {
            assert!(allowed(public, false, AddressPolicy::Public), "{public}");
        }
        for other in [
            "0.0.0.0",
            "10.0.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "100::1",
        ] {
            assert!(!allowed(other, false, AddressPolicy::Public), "{other}");
        }
    }

    #[test]
    fn plain_http_goes_to_loopback_only() {
        for policy in [AddressPolicy::Any, AddressPolicy::Public] {
            assert!(!allowed("1.1.1.1", true, policy));
            assert!(!allowed("192.168.1.1", true, policy));
        }
        assert!(allowed("127.0.0.1", true, AddressPolicy::Any));
        assert!(allowed("::1", true, AddressPolicy::Any));
        assert!(!allowed("127.0.0.1", true, AddressPolicy::Public));
    }

    #[test]
    fn a_person_reaches_the_local_network() {
        assert!(allowed("192.168.1.1", false, AddressPolicy::Any));
        assert!(!allowed("0.0.0.0", false, AddressPolicy::Any));
    }
}
