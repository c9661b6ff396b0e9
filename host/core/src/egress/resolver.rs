//! Name resolution that looks at every address before one is connected to.

use std::error::Error;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::contract::base_url::Scheme;
use crate::contract::{AddressError, AddressPolicy};

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

/// A host has an address that connections may not lead to.
#[derive(Debug, thiserror::Error)]
#[error("the server's address {address} is not allowed: {why}")]
pub(super) struct AddressRefused {
    address: IpAddr,
    why: AddressError,
}

/// The system found no address of a host.
#[derive(Debug, thiserror::Error)]
#[error("could not resolve the host")]
pub(super) struct Unresolved;

/// The machine has no thread for a lookup.
#[derive(Debug, thiserror::Error)]
#[error("no thread for the lookup of the host")]
pub(super) struct NoThread;

impl<R: Resolver> Resolver for CheckingResolver<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        // ureq looks names up on a thread, and panics where there is none.
        let resolve = AssertUnwindSafe(|| self.inner.resolve(uri, config, timeout));
        let resolved = catch_unwind(resolve).map_err(|_| other(NoThread))?;
        let addresses = resolved.map_err(|error| match error {
            ureq::Error::Io(_) | ureq::Error::HostNotFound => other(Unresolved),
            error => error,
        })?;
        let scheme = match uri.scheme_str() {
            Some("https") => Scheme::Https,
            _ => Scheme::Http,
        };
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

    /// What becomes of one request after another to a host whose name resolves
    /// to these addresses, one list for each lookup: whether it was refused, and
    /// which addresses were connected to.
    fn requests(
        url: &str,
        policy: AddressPolicy,
        answers: &[&[&'static str]],
    ) -> Vec<Result<Vec<String>, AddressError>> {
        let asked = Arc::new(AtomicUsize::new(0));
        let inner = Changing {
            answers: answers.iter().map(|answer| answer.to_vec()).collect(),
            asked: Arc::clone(&asked),
        };
        let told = Told::default();
        let addresses = Arc::clone(&told.0);
        let connector = WatchedConnector::of(told, CheckingResolver { inner, policy });
        let agent = ureq::Agent::with_parts(Config::default(), connector, LaterResolver);
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
        // One lookup for each connection: there is no second to answer otherwise.
        assert_eq!(asked.load(Ordering::SeqCst), answers.len());
        outcomes
    }

    #[test]
    fn what_was_checked_is_connected_to_and_nothing_else() {
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
            Err(std::io::Error::other("whatever a system says").into())
        }
    }

    /// By its place and not by its words, which each system has its own of.
    #[test]
    fn a_failed_lookup_is_told_from_other_errors() {
        let resolver = CheckingResolver { inner: Unknown, policy: AddressPolicy::Any };
        let connector = WatchedConnector::of(Told::default(), resolver);
        let agent = ureq::Agent::with_parts(Config::default(), connector, LaterResolver);
        match agent.get("https://unknown.test/").call() {
            Err(ureq::Error::Other(error)) => assert!(error.is::<Unresolved>(), "{error:?}"),
            other => panic!("{other:?}"),
        }
    }
}
