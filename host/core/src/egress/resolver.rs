//! Name resolution that checks every address before connecting to one.

use std::error::Error;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::contract::base_url::UrlScheme;
use crate::contract::{AddressError, AddressPolicy};

/// Returns no addresses. [`super::socket`] does the lookup when it connects.
#[derive(Debug)]
pub(super) struct DeferredResolver;

impl Resolver for DeferredResolver {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// Resolves names and checks their addresses. The connection uses the addresses
/// that were checked, so DNS rebinding has no effect.
#[derive(Debug)]
pub(super) struct CheckingResolver<R = DefaultResolver> {
    pub inner: R,
    pub policy: AddressPolicy,
}

/// A host has an address that connections may not use.
#[derive(Debug, thiserror::Error)]
#[error("the server's address {address} is not allowed: {why}")]
pub(super) struct AddressRefused {
    address: IpAddr,
    why: AddressError,
}

/// The system found no address for a host.
#[derive(Debug, thiserror::Error)]
#[error("could not resolve the host")]
pub(super) struct Unresolved;

/// The system could not start a thread for a lookup.
#[derive(Debug, thiserror::Error)]
#[error("could not start a thread to resolve the host")]
pub(super) struct NoThread;

impl<R: Resolver> CheckingResolver<R> {
    /// Returns the addresses of a host, all of which may be used with this scheme.
    pub(super) fn resolve(
        &self,
        uri: &Uri,
        scheme: UrlScheme,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        // ureq resolves names on a new thread and panics if it cannot start one.
        let resolve = AssertUnwindSafe(|| self.inner.resolve(uri, config, timeout));
        let resolved = catch_unwind(resolve).map_err(|_| other(NoThread))?;
        let addresses = resolved.map_err(|error| match error {
            ureq::Error::Io(_) | ureq::Error::HostNotFound => other(Unresolved),
            error => error,
        })?;
        for address in &*addresses {
            let address = address.ip().to_canonical();
            self.policy
                .check(address, scheme)
                .map_err(|why| other(AddressRefused { address, why }))?;
        }
        Ok(addresses)
    }
}

fn other(error: impl Error + Send + Sync + 'static) -> ureq::Error {
    ureq::Error::Other(Box::new(error))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use ureq::unversioned::transport::{ConnectionDetails, Connector};

    use super::super::socket::WatchedConnector;
    use super::super::tcp::TcpTransport;
    use super::*;

    /// A resolver that returns different addresses each time.
    #[derive(Debug)]
    struct Changing {
        answers: Vec<Vec<&'static str>>,
        lookups: Arc<AtomicUsize>,
    }

    impl Resolver for Changing {
        fn resolve(
            &self,
            _: &Uri,
            _: &Config,
            _: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let mut addresses = self.empty();
            for answer in &self.answers[self.lookups.fetch_add(1, Ordering::SeqCst)] {
                addresses.push(SocketAddr::new(answer.parse().unwrap(), 443));
            }
            Ok(addresses)
        }
    }

    /// Records the addresses and connects to none.
    #[derive(Debug, Default)]
    struct Recorded(Arc<Mutex<Vec<Vec<SocketAddr>>>>);

    impl Connector for Recorded {
        type Out = TcpTransport;

        fn connect(
            &self,
            details: &ConnectionDetails,
            _: Option<()>,
        ) -> Result<Option<TcpTransport>, ureq::Error> {
            self.0.lock().unwrap().push(details.addrs.to_vec());
            Err(ureq::Error::ConnectionFailed)
        }
    }

    /// Makes a series of requests to a host, with one list of addresses per
    /// lookup. Returns for each request the addresses that were connected to, or
    /// why it was rejected.
    fn requests(
        url: &str,
        policy: AddressPolicy,
        answers: &[&[&'static str]],
    ) -> Vec<Result<Vec<String>, AddressError>> {
        let lookups = Arc::new(AtomicUsize::new(0));
        let inner = Changing {
            answers: answers.iter().map(|answer| answer.to_vec()).collect(),
            lookups: Arc::clone(&lookups),
        };
        let recorded = Recorded::default();
        let addresses = Arc::clone(&recorded.0);
        let connector = WatchedConnector::of(recorded, CheckingResolver { inner, policy });
        let agent = ureq::Agent::with_parts(Config::default(), connector, DeferredResolver);
        let ip = |address: &SocketAddr| address.ip().to_string();
        let connected = || addresses.lock().unwrap().drain(..).flatten().collect::<Vec<_>>();
        let outcomes = answers.iter().map(|_| {
            let error = agent.get(url).call().unwrap_err();
            let connected: Vec<String> = connected().iter().map(ip).collect();
            match error {
                ureq::Error::ConnectionFailed => Ok(connected),
                ureq::Error::Other(error) if connected.is_empty() => {
                    Err(error.downcast_ref::<AddressRefused>().unwrap().why)
                }
                other => panic!("{other:?}, {connected:?}"),
            }
        });
        let outcomes = outcomes.collect();
        // One lookup per connection: there is no second one that could differ.
        assert_eq!(lookups.load(Ordering::SeqCst), answers.len());
        outcomes
    }

    #[test]
    fn connects_only_to_checked_addresses() {
        use AddressError::{Metadata, NotLoopback, NotPrivate, NotPublic};
        let to = |addresses: &[&str]| Ok(addresses.iter().map(|&a| a.to_owned()).collect());
        assert_eq!(
            requests(
                "https://rebinding.test/",
                AddressPolicy::Public,
                &[
                    &["1.1.1.1", "1.0.0.1"],
                    &["1.1.1.1", "127.0.0.1"],
                    &["::ffff:169.254.169.254"],
                    &["1.1.1.1"],
                ],
            ),
            [to(&["1.1.1.1", "1.0.0.1"]), Err(NotPublic), Err(Metadata), to(&["1.1.1.1"])]
        );
        assert_eq!(
            requests(
                "http://ollama:11434/",
                AddressPolicy::PrivateHttp,
                &[
                    &["172.18.0.2"],
                    &["fd12:3456::2", "127.0.0.1"],
                    &["172.18.0.2", "1.1.1.1"],
                    &["168.63.129.16"],
                ],
            ),
            [
                to(&["172.18.0.2"]),
                to(&["fd12:3456::2", "127.0.0.1"]),
                Err(NotPrivate),
                Err(Metadata)
            ]
        );
        assert_eq!(
            requests(
                "http://localhost:8080/",
                AddressPolicy::Any,
                &[&["127.0.0.1"], &["192.168.1.1"]]
            ),
            [to(&["127.0.0.1"]), Err(NotLoopback)]
        );
    }

    #[derive(Debug)]
    struct Unknown;

    impl Resolver for Unknown {
        fn resolve(
            &self,
            _: &Uri,
            _: &Config,
            _: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, ureq::Error> {
            Err(std::io::Error::other("the system's own message").into())
        }
    }

    /// A failed lookup is recognized by where it occurs, because its message
    /// differs between systems.
    #[test]
    fn recognizes_a_failed_lookup() {
        let resolver = CheckingResolver { inner: Unknown, policy: AddressPolicy::Any };
        let connector = WatchedConnector::of(Recorded::default(), resolver);
        let agent = ureq::Agent::with_parts(Config::default(), connector, DeferredResolver);
        match agent.get("https://unknown.test/").call() {
            Err(ureq::Error::Other(error)) => assert!(error.is::<Unresolved>(), "{error:?}"),
            other => panic!("{other:?}"),
        }
    }
}
