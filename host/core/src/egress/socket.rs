//! Sockets that record which run uses them. A cancelled run can then release its
//! socket at once, whatever it is waiting for, and a failed run can find out
//! whether anything was sent.
//!
//! ureq passes no request context to its transports. But a run makes all its
//! requests on its caller's thread and on the threads of the functions that it
//! calls concurrently. So the state of a run is kept per thread.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, Either, NextTimeout,
    RustlsConnector, Transport, time,
};

use crate::budget::Cancellation;
use crate::contract::base_url::UrlScheme;

use super::buffers::GrowingBuffers;
use super::idle::{ClosedIdle, Failed, Use};
use super::proxy::TUNNEL;
use super::resolver::CheckingResolver;
use super::tcp::{TcpConnector, TcpTransport};

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// The run that a thread belongs to.
struct Current {
    id: u64,
    cancellation: Cancellation,
    /// The socket that a cancellation would shut down.
    socket: Cell<u64>,
    sent: Cell<bool>,
    /// The maximum pause in a response body, while one arrives.
    silence: Cell<Option<Duration>>,
}

/// Assigns the thread to a run until this is dropped, which restores the previous
/// run: a function that a run calls may run an action on the same thread.
pub(crate) struct Entered {
    before: Option<Current>,
}

pub(crate) fn enter(cancellation: &Cancellation) -> Entered {
    let id = next_number();
    let cancellation = cancellation.clone();
    let before = CURRENT.replace(Some(Current {
        id,
        cancellation,
        socket: Cell::new(0),
        sent: Cell::new(false),
        silence: Cell::new(None),
    }));
    Entered { before }
}

/// Replaces the cancellation of the thread's run.
pub(crate) fn change_cancellation(cancellation: &Cancellation) {
    CURRENT.with_borrow_mut(|current| {
        if let Some(current) = current {
            current.cancellation.on_cancel(current.id, None);
            current.cancellation = cancellation.clone();
            current.id = next_number();
            current.socket.set(0);
        }
    });
}

/// A number for a run or a socket.
fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(current) = CURRENT.replace(self.before.take()) {
            current.cancellation.on_cancel(current.id, None);
        }
    }
}

/// Resets the thread's state for the next request.
pub(super) fn begin_request() {
    with_current(|current| {
        current.sent.set(false);
        current.silence.set(None);
    });
}

/// Limits the pauses between the bytes of the response that is read next. A run
/// may make other requests while it reads a response.
pub(super) fn expect_bytes(silence: Duration) {
    with_current(|current| current.silence.set(Some(silence)));
}

/// The timeout for the next bytes. It is long until a response begins, because a
/// model may think for minutes, and short after that.
fn within_silence(timeout: NextTimeout) -> NextTimeout {
    match with_current(|current| current.silence.get()).flatten() {
        Some(silence) => NextTimeout { per_read: Some(silence.into()), ..timeout },
        None => timeout,
    }
}

/// Whether bytes of the current request were sent.
pub(super) fn request_began() -> bool {
    with_current(|current| current.sent.get()).unwrap_or(true)
}

fn with_current<T>(use_it: impl FnOnce(&Current) -> T) -> Option<T> {
    CURRENT.with_borrow(|current| current.as_ref().map(use_it))
}

/// What TLS is added to: a socket, or a tunnel through a proxy.
type Unencrypted = Either<TcpTransport, Box<dyn Transport>>;

/// Connects to a host, directly or through the connection's proxy, and adds TLS
/// if the scheme requires it.
#[derive(Debug)]
pub(super) struct WatchedConnector<C = TcpConnector, R = DefaultResolver> {
    dialer: Arc<Dialer<C, R>>,
    tunnel: ConnectProxyConnector,
    tls: RustlsConnector,
}

impl WatchedConnector {
    pub(super) fn new(resolver: CheckingResolver) -> Self {
        Self::of(TcpConnector, resolver)
    }
}

impl<C: Connector<Out = TcpTransport>, R: Resolver> WatchedConnector<C, R> {
    pub(super) fn of(tcp: C, resolver: CheckingResolver<R>) -> Self {
        Self {
            dialer: Arc::new(Dialer { tcp, resolver }),
            tunnel: ConnectProxyConnector::default(),
            tls: RustlsConnector::default(),
        }
    }

    /// Opens a tunnel through a proxy. Returns it with the socket to the proxy.
    fn tunnel(
        &self,
        details: &ConnectionDetails,
    ) -> Result<Option<(Unencrypted, Arc<TcpStream>)>, Error> {
        let stream = Arc::new(OnceLock::new());
        let (dialer, kept) = (Arc::clone(&self.dialer), Arc::clone(&stream));
        let dial_proxy = move |proxy: &ConnectionDetails| {
            let tcp = dialer.dial(proxy, TUNNEL)?.ok_or(Error::ConnectionFailed)?;
            let _ = kept.set(tcp.stream());
            let transport = RustlsConnector::default().connect(proxy, Some(tcp))?;
            Ok(transport.ok_or(Error::ConnectionFailed)?.boxed())
        };
        let details = ConnectionDetails {
            run_connector: Arc::new(dial_proxy),
            ..with_addresses(details, details.addrs.clone(), details.timeout)
        };
        let tunnel = self.tunnel.connect(&details, None)?;
        Ok(tunnel.zip(stream.get().map(Arc::clone)))
    }
}

impl<C, R> Connector for WatchedConnector<C, R>
where
    C: Connector<Out = TcpTransport>,
    R: Resolver,
{
    type Out = WatchedTransport<<RustlsConnector as Connector<Unencrypted>>::Out>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        let connected = if details.config.proxy().is_some() {
            self.tunnel(details)?
        } else {
            let scheme = match details.uri.scheme_str() {
                Some("https") => UrlScheme::Https,
                _ => UrlScheme::Http,
            };
            let tcp = self.dialer.dial(details, scheme)?;
            tcp.map(|tcp| {
                let stream = tcp.stream();
                (Either::A(tcp), stream)
            })
        };
        let Some((transport, stream)) = connected else { return Ok(None) };
        let transport = self.tls.connect(details, Some(transport))?;
        Ok(transport.map(|inner| WatchedTransport::new(inner, stream)))
    }
}

/// Resolves a host and connects to it over TCP.
///
/// The lookup is done here because ureq resolves the name before it looks for an
/// idle connection, on a new thread for each request.
#[derive(Debug)]
struct Dialer<C, R> {
    tcp: C,
    resolver: CheckingResolver<R>,
}

impl<C: Connector<Out = TcpTransport>, R: Resolver> Dialer<C, R> {
    fn dial(
        &self,
        details: &ConnectionDetails,
        scheme: UrlScheme,
    ) -> Result<Option<TcpTransport>, Error> {
        let timeout = details.timeout;
        let start = Instant::now();
        let addresses = self.resolver.resolve(details.uri, scheme, details.config, timeout)?;
        match timeout.after.checked_sub(start.elapsed()) {
            Some(left) if !left.is_zero() => {
                let timeout = NextTimeout { after: left.into(), ..timeout };
                self.tcp.connect(&with_addresses(details, addresses, timeout), None)
            }
            _ => Err(Error::Timeout(timeout.reason)),
        }
    }
}

/// The details with other addresses and another timeout.
fn with_addresses<'a>(
    details: &'a ConnectionDetails,
    addrs: ResolvedSocketAddrs,
    timeout: NextTimeout,
) -> ConnectionDetails<'a> {
    ConnectionDetails {
        uri: details.uri,
        addrs,
        config: details.config,
        request_level: details.request_level,
        resolver: details.resolver,
        now: details.now,
        timeout,
        current_time: Arc::clone(&details.current_time),
        run_connector: Arc::clone(&details.run_connector),
        register_shutdown: Arc::clone(&details.register_shutdown),
    }
}

/// A socket and the run that uses it. Between runs it is in the pool, where
/// another run may take it.
struct Socket {
    number: u64,
    user: AtomicU64,
    /// Weak, so a run that may cancel the socket does not keep it open after its
    /// transport is gone.
    stream: Weak<TcpStream>,
}

impl Socket {
    /// Makes the thread's run the user of the socket. Cancelling the run shuts
    /// the socket down for as long as the run uses it.
    fn claim(self: &Arc<Self>) -> Result<(), Error> {
        with_current(|current| {
            self.user.store(current.id, Ordering::Release);
            if current.socket.replace(self.number) != self.number {
                let (socket, id) = (Arc::clone(self), current.id);
                let release = Box::new(move || socket.release(id));
                current.cancellation.on_cancel(id, Some(release));
            }
            if current.cancellation.is_cancelled() {
                Err(Error::Io(io::Error::other("cancelled")))
            } else {
                Ok(())
            }
        })
        .unwrap_or(Ok(()))
    }

    fn release(&self, id: u64) {
        let stream = self.stream.upgrade();
        if let Some(stream) = stream.filter(|_| self.user.load(Ordering::Acquire) == id) {
            // This fails only if the socket is closed, and then nothing waits for it.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// A transport that reports to its [`Socket`].
pub(super) struct WatchedTransport<T> {
    inner: T,
    /// Used with TLS. ureq's TLS buffers have a fixed size and are kept small, so
    /// these buffers hold the rest.
    buffers: Option<GrowingBuffers>,
    socket: Arc<Socket>,
    stream: Arc<TcpStream>,
    used: Use,
}

impl<T: Transport> WatchedTransport<T> {
    fn new(inner: T, stream: Arc<TcpStream>) -> Self {
        let buffers = inner.is_tls().then(GrowingBuffers::default);
        let (number, user) = (next_number(), AtomicU64::new(0));
        let socket = Arc::new(Socket { number, user, stream: Arc::downgrade(&stream) });
        Self { inner, buffers, socket, stream, used: Use::First }
    }

    fn transmit(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let Some(buffers) = &mut self.buffers else {
            return self.inner.transmit_output(amount, timeout);
        };
        if buffers.write(amount) { send_held(buffers, &mut self.inner, timeout) } else { Ok(()) }
    }

    fn receive(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let Some(buffers) = &mut self.buffers else {
            return self.inner.await_input(within_silence(timeout));
        };
        send_held(buffers, &mut self.inner, timeout)?;
        buffers.end_output();
        buffers.check_room()?;
        // Input that did not fit last time is still in the inner buffers.
        let is_there = !self.inner.buffers().input().is_empty()
            || self.inner.await_input(within_silence(timeout))?;
        buffers.take_from(self.inner.buffers());
        Ok(is_there)
    }

    /// Whether the server closed the connection before it read the request that
    /// failed with this result.
    fn is_unread(&self, failed: &Result<bool, Error>) -> bool {
        let failed = match failed {
            Ok(false) => Failed::EndOfStream,
            // TLS ended without a close notification.
            Err(Error::Io(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                Failed::EndOfStream
            }
            Err(Error::Io(error)) => Failed::With(error.kind()),
            Ok(true) | Err(_) => return false,
        };
        // A cancelled run has closed the connection itself.
        let cancelled = with_current(|current| current.cancellation.is_cancelled());
        !cancelled.unwrap_or(false) && self.used.is_unread(failed, &self.stream)
    }
}

/// Sends the held bytes through a transport with smaller buffers.
fn send_held(
    buffers: &mut GrowingBuffers,
    transport: &mut impl Transport,
    timeout: NextTimeout,
) -> Result<(), Error> {
    let start = Instant::now();
    let mut rest = buffers.held();
    while !rest.is_empty() {
        let piece = transport.buffers().output();
        let count = piece.len().min(rest.len());
        let (now, later) = rest.split_at(count);
        piece.iter_mut().zip(now).for_each(|(to, from)| *to = *from);
        transport.transmit_output(count, after(timeout, start))?;
        rest = later;
    }
    buffers.sent();
    Ok(())
}

impl<T: Transport> Transport for WatchedTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        match &mut self.buffers {
            Some(buffers) => buffers,
            None => self.inner.buffers(),
        }
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.socket.claim()?;
        let inner = &mut self.inner;
        self.used.request(|| inner.is_open()).map_err(closed)?;
        with_current(|current| current.sent.set(true));
        let transmitted = self.transmit(amount, timeout).map(|()| true);
        if self.is_unread(&transmitted) {
            return Err(closed(ClosedIdle));
        }
        transmitted.map(drop)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.socket.claim()?;
        let received = self.receive(timeout);
        if self.is_unread(&received) {
            return Err(closed(ClosedIdle));
        }
        if matches!(received, Ok(true)) {
            self.used.answer();
        }
        received.map_err(not_end_of_body)
    }

    fn is_open(&mut self) -> bool {
        // Unrequested bytes would be mistaken for the next response.
        let is_open = self.inner.buffers().input().is_empty() && self.inner.is_open();
        self.used.wait();
        is_open
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

fn closed(closed: ClosedIdle) -> Error {
    // The server did not read the request, so it counts as not sent.
    begin_request();
    Error::Other(Box::new(closed))
}

/// The remaining time for a request that is sent in pieces.
fn after(timeout: NextTimeout, start: Instant) -> NextTimeout {
    let after = match timeout.after {
        time::Duration::Exact(after) => after.saturating_sub(start.elapsed()).into(),
        time::Duration::NotHappening => time::Duration::NotHappening,
    };
    NextTimeout { after, ..timeout }
}

/// Wraps errors that ureq would treat as the end of a body that is delimited by
/// its connection. Half a file would then pass for a whole one. Only an orderly
/// close ends the body.
fn not_end_of_body(error: Error) -> Error {
    match error {
        Error::Io(error)
            if matches!(
                error.kind(),
                ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::UnexpectedEof
            ) =>
        {
            Error::Io(io::Error::other(error))
        }
        other => other,
    }
}

impl<T: fmt::Debug> fmt::Debug for WatchedTransport<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
