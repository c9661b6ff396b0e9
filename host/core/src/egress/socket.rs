//! Sockets that know which run uses them: so that a cancelled run lets go of
//! its socket at once, wherever it is waiting, and a failed one knows whether
//! anything was sent.
//!
//! ureq hands its transports no context of a request. While a run goes on
//! it has its caller's thread, and those for the functions that it calls at the
//! same time, and all its requests are made on them: what belongs to the run is found by the
//! thread.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, RustlsConnector, Transport, time,
};

use crate::budget::Cancellation;

use super::buffers::GrowingBuffers;
use super::idle::{ClosedIdle, Failed, Use};
use super::resolver::CheckingResolver;
use super::tcp::{TcpConnector, TcpTransport};

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// The run of a thread.
struct Current {
    id: u64,
    cancellation: Cancellation,
    /// The socket that a cancellation would shut down.
    socket: Cell<u64>,
    sent: Cell<bool>,
    /// The longest silence, while an answer's body arrives.
    silence: Cell<Option<Duration>>,
}

/// Makes the thread one of a run, until it is dropped. Then it is again what
/// it was: a function that a run calls may run an action on the same thread.
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

/// From here on another cancellation is that of the thread's run.
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

/// Forgets what was sent before the next request.
pub(super) fn begin_request() {
    with_current(|current| {
        current.sent.set(false);
        current.silence.set(None);
    });
}

/// From here on bytes of an answer are due, with no longer silence between
/// them. A run may make other requests while it reads an answer.
pub(super) fn expect_bytes(silence: Duration) {
    with_current(|current| current.silence.set(Some(silence)));
}

/// The time for the next bytes: long before an answer begins, for a model may
/// think for minutes, and short within it.
fn within_silence(timeout: NextTimeout) -> NextTimeout {
    match with_current(|current| current.silence.get()).flatten() {
        Some(silence) => NextTimeout { per_read: Some(silence.into()), ..timeout },
        None => timeout,
    }
}

/// Whether bytes of the current request went out.
pub(super) fn request_began() -> bool {
    with_current(|current| current.sent.get()).unwrap_or(true)
}

fn with_current<T>(use_it: impl FnOnce(&Current) -> T) -> Option<T> {
    CURRENT.with_borrow(|current| current.as_ref().map(use_it))
}

/// Looks a host up, connects to it by TCP, and speaks TLS if the scheme asks for
/// it.
///
/// The lookup stands here because ureq's own comes before it asks for an idle
/// connection, on a thread that it makes for each request.
#[derive(Debug)]
pub(super) struct WatchedConnector<C = TcpConnector, R = CheckingResolver> {
    tcp: C,
    tls: RustlsConnector,
    resolver: R,
}

impl WatchedConnector {
    pub(super) fn new(resolver: CheckingResolver) -> Self {
        Self::of(TcpConnector, resolver)
    }
}

impl<C: Connector<Out = TcpTransport>, R: Resolver> WatchedConnector<C, R> {
    pub(super) fn of(tcp: C, resolver: R) -> Self {
        Self { tcp, tls: RustlsConnector::default(), resolver }
    }

    /// The addresses, and the time that is left for connecting.
    fn look_up(
        &self,
        details: &ConnectionDetails,
    ) -> Result<(ResolvedSocketAddrs, NextTimeout), Error> {
        let timeout = details.timeout;
        let begun = Instant::now();
        let addresses = self.resolver.resolve(details.uri, details.config, timeout)?;
        match timeout.after.checked_sub(begun.elapsed()) {
            Some(left) if !left.is_zero() => {
                Ok((addresses, NextTimeout { after: left.into(), ..timeout }))
            }
            _ => Err(Error::Timeout(timeout.reason)),
        }
    }
}

impl<C: Connector<Out = TcpTransport>, R: Resolver> Connector for WatchedConnector<C, R> {
    type Out = WatchedTransport<<RustlsConnector as Connector<TcpTransport>>::Out>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        let (addrs, timeout) = self.look_up(details)?;
        let details = ConnectionDetails {
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
        };
        let Some(tcp) = self.tcp.connect(&details, chained)? else { return Ok(None) };
        let stream = tcp.stream();
        let transport = self.tls.connect(&details, Some(tcp))?;
        Ok(transport.map(|inner| WatchedTransport::new(inner, stream)))
    }
}

/// A socket and the run that uses it. Between runs it waits in the pool, and
/// another run may take it.
struct Socket {
    number: u64,
    user: AtomicU64,
    /// It is closed with its transport, and not kept open by a run that may
    /// cancel it.
    stream: Weak<TcpStream>,
}

impl Socket {
    /// Makes the thread's run the user, and lets its cancellation shut the
    /// socket down: this one, and only as long as this run uses it.
    fn claim(self: &Arc<Self>) -> Result<(), Error> {
        with_current(|current| {
            self.user.store(current.id, Ordering::Release);
            if current.socket.replace(self.number) != self.number {
                let (socket, id) = (Arc::clone(self), current.id);
                let release = Box::new(move || socket.release(id));
                current.cancellation.on_cancel(id, Some(release));
            }
            match current.cancellation.is_cancelled() {
                true => Err(Error::Io(io::Error::other("cancelled"))),
                false => Ok(()),
            }
        })
        .unwrap_or(Ok(()))
    }

    fn release(&self, id: u64) {
        let stream = self.stream.upgrade();
        if let Some(stream) = stream.filter(|_| self.user.load(Ordering::Acquire) == id) {
            // Whoever waits for a socket that is closed already does not wait.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// A transport that reports to its [`Socket`].
pub(super) struct WatchedTransport<T> {
    inner: T,
    /// Those of TLS have one size. So they hold a piece of what passes through,
    /// and these the rest.
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
        match buffers.write(amount) {
            true => send_held(buffers, &mut self.inner, timeout),
            false => Ok(()),
        }
    }

    fn receive(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let Some(buffers) = &mut self.buffers else {
            return self.inner.await_input(within_silence(timeout));
        };
        send_held(buffers, &mut self.inner, timeout)?;
        buffers.end_output();
        buffers.check_room()?;
        // What there was no room for is there already.
        let is_there = !self.inner.buffers().input().is_empty()
            || self.inner.await_input(within_silence(timeout))?;
        buffers.take_from(self.inner.buffers());
        Ok(is_there)
    }

    /// Whether the server closed the connection before it read the request that
    /// failed so.
    fn is_unread(&self, failed: &Result<bool, Error>) -> bool {
        let failed = match failed {
            Ok(false) => Failed::AtItsEnd,
            // TLS that ended without saying so.
            Err(Error::Io(error)) if error.kind() == ErrorKind::UnexpectedEof => Failed::AtItsEnd,
            Err(Error::Io(error)) => Failed::With(error.kind()),
            Ok(true) | Err(_) => return false,
        };
        // A run that is cancelled has ended the connection itself.
        let cancelled = with_current(|current| current.cancellation.is_cancelled());
        !cancelled.unwrap_or(false) && self.used.is_unread(failed, &self.stream)
    }
}

/// Sends what buffers hold through a transport that has smaller ones.
fn send_held(
    buffers: &mut GrowingBuffers,
    transport: &mut impl Transport,
    timeout: NextTimeout,
) -> Result<(), Error> {
    let begun = Instant::now();
    let mut rest = buffers.held();
    while !rest.is_empty() {
        let piece = transport.buffers().output();
        let count = piece.len().min(rest.len());
        let (now, later) = rest.split_at(count);
        piece.iter_mut().zip(now).for_each(|(to, from)| *to = *from);
        transport.transmit_output(count, after(timeout, begun))?;
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
        received.map_err(never_an_end)
    }

    fn is_open(&mut self) -> bool {
        // What nobody asked for would be taken for the next answer.
        let is_open = self.inner.buffers().input().is_empty() && self.inner.is_open();
        self.used.wait();
        is_open
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

fn closed(closed: ClosedIdle) -> Error {
    // The request was not read: it is as if it had not been sent.
    begin_request();
    Error::Other(Box::new(closed))
}

/// What is left of the time for a request that goes out in pieces.
fn after(timeout: NextTimeout, begun: Instant) -> NextTimeout {
    let after = match timeout.after {
        time::Duration::Exact(after) => after.saturating_sub(begun.elapsed()).into(),
        time::Duration::NotHappening => time::Duration::NotHappening,
    };
    NextTimeout { after, ..timeout }
}

/// ureq takes these errors for the end of a body that ends with its connection,
/// and half a file would pass for a whole one. Only a close in good order is an
/// end.
fn never_an_end(error: Error) -> Error {
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
