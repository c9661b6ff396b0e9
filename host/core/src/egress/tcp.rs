//! A TCP transport for ureq with buffers that grow and shrink.
//!
//! ureq's own transport has buffers of a fixed size. Small ones make file
//! transfers slow. Large ones take more memory than everything else in a run
//! that waits for its next event.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, ShutdownHandle, Transport, time,
};

use super::buffers::GrowingBuffers;

/// The minimum time for connecting to one address. The operating system rejects
/// a timeout of zero.
const MIN_TIME: Duration = Duration::from_millis(10);

/// Connects to the first address that accepts.
#[derive(Debug, Default)]
pub(super) struct TcpConnector;

impl Connector for TcpConnector {
    type Out = TcpTransport;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<TcpTransport>, Error> {
        let stream = connect(&details.addrs, details.timeout)?;
        stream.set_nodelay(details.config.no_delay())?;
        let stream = Arc::new(stream);
        let handle: Weak<dyn ShutdownHandle> = Arc::downgrade(&stream) as _;
        (details.register_shutdown)(handle)?;
        Ok(Some(TcpTransport {
            stream,
            buffers: GrowingBuffers::default(),
            read_timeout: None,
            write_timeout: None,
        }))
    }
}

/// Gives each address an equal share of the remaining time, so the last one is
/// tried even if the others do not respond.
fn connect(addresses: &[SocketAddr], timeout: NextTimeout) -> Result<TcpStream, Error> {
    let start = Instant::now();
    let mut failed = Error::HostNotFound;
    for (index, address) in addresses.iter().enumerate() {
        let left = left(timeout, start)?.unwrap_or(Duration::MAX);
        let others = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(address, (left / others).max(MIN_TIME)) {
            Ok(stream) => return Ok(stream),
            Err(error) if is_timeout(&error) => failed = Error::Timeout(timeout.reason),
            Err(error) => failed = Error::Io(error),
        }
    }
    Err(failed)
}

/// The remaining time of a timeout, or `None` if it never expires.
///
/// # Errors
/// The timeout's reason, if it has expired.
fn left(timeout: NextTimeout, start: Instant) -> Result<Option<Duration>, Error> {
    match timeout.after {
        time::Duration::NotHappening => Ok(None),
        time::Duration::Exact(after) => match after.checked_sub(start.elapsed()) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(Error::Timeout(timeout.reason)),
        },
    }
}

/// Unix systems report `WouldBlock` when a read times out.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

/// A connected socket.
pub(super) struct TcpTransport {
    /// Shared, because a cancellation may shut it down.
    stream: Arc<TcpStream>,
    buffers: GrowingBuffers,
    /// The timeouts that were set last. Setting one costs a system call.
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

/// Prints none of the transferred bytes, because they include the credential.
impl fmt::Debug for TcpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpTransport").field("stream", &self.stream).finish_non_exhaustive()
    }
}

impl TcpTransport {
    /// The socket, to shut it down or to query its errors from elsewhere.
    pub(super) fn stream(&self) -> Arc<TcpStream> {
        Arc::clone(&self.stream)
    }

    fn send_held(&mut self, timeout: NextTimeout) -> Result<(), Error> {
        let timeout = timeout.for_write();
        let left = left(timeout, Instant::now())?;
        if self.write_timeout != left {
            self.stream.set_write_timeout(left)?;
            self.write_timeout = left;
        }
        match (&*self.stream).write_all(self.buffers.held()) {
            Ok(()) => {
                self.buffers.sent();
                Ok(())
            }
            Err(error) if is_timeout(&error) => Err(Error::Timeout(timeout.reason)),
            Err(error) => Err(Error::Io(error)),
        }
    }
}

impl Transport for TcpTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.buffers.write(amount) { self.send_held(timeout) } else { Ok(()) }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if !self.buffers.held().is_empty() {
            self.send_held(timeout)?;
        }
        self.buffers.end_output();
        self.buffers.check_room()?;
        let timeout = timeout.for_read();
        let start = Instant::now();
        loop {
            let left = left(timeout, start)?;
            if self.read_timeout != left {
                self.stream.set_read_timeout(left)?;
                self.read_timeout = left;
            }
            match (&*self.stream).read(self.buffers.input_append_buf()) {
                Ok(count) => {
                    self.buffers.input_appended(count);
                    return Ok(count != 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => return Err(Error::Timeout(timeout.reason)),
                Err(error) => return Err(Error::Io(error)),
            }
        }
    }

    /// An idle socket must have nothing to read. Unrequested bytes would be
    /// mistaken for the next response.
    fn is_open(&mut self) -> bool {
        let quiet = self.stream.set_nonblocking(true).is_ok()
            && matches!(self.stream.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
        quiet && self.buffers.input().is_empty() && self.stream.set_nonblocking(false).is_ok()
    }
}
