//! Idle connections, and servers that close them.
//!
//! A server may close an idle connection at any time (RFC 9112 §9.5), even while
//! the next request is on its way. Whether that request may be repeated depends on
//! whether the server has read it: a chat completion that was processed has been
//! billed. Two observations tell the cases apart:
//!
//! - A server that closes each connection after its response without announcing
//!   it does so within milliseconds. So before its first reuse, a connection must
//!   have been idle for [`SETTLE`].
//! - A server that closed a connection before reading a request resets it: the
//!   end of the stream arrives first, then the reset. A server that read the
//!   request and then went away sends the end of the stream without a reset.

use std::io;
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a connection must have been idle before its first reuse. A run waits
/// for the rest of this time once, if its next request comes earlier.
const SETTLE: Duration = Duration::from_millis(25);
/// How long to wait for a reset after the end of the stream. It takes as long to
/// arrive as the request took to reach the server.
const RESET_TIME: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(1);

/// The server closed an idle connection without reading the request that was
/// sent on it.
#[derive(Debug, thiserror::Error)]
#[error("the server closed the idle connection")]
pub(super) struct ClosedIdle;

/// The state of a connection.
#[derive(Debug)]
pub(super) enum Use {
    /// It is being used for its first request.
    First,
    /// It is idle. `proven` means that it has been reused before.
    Idle { since: Instant, proven: bool },
    /// It is being reused, and no byte of the response has arrived.
    Reused,
    /// It is being reused, and the response has begun to arrive.
    Answered,
}

impl Use {
    /// Records that the connection is waiting for its next request.
    pub(super) fn wait(&mut self) {
        let proven = match self {
            Self::Idle { .. } => return,
            Self::First => false,
            Self::Reused | Self::Answered => true,
        };
        *self = Self::Idle { since: Instant::now(), proven };
    }

    /// Records that a request is about to be sent.
    ///
    /// # Errors
    /// If the server has closed the connection. Nothing was sent.
    pub(super) fn request(&mut self, mut is_open: impl FnMut() -> bool) -> Result<(), ClosedIdle> {
        let Self::Idle { since, proven } = *self else { return Ok(()) };
        *self = Self::Reused;
        while !proven && since.elapsed() < SETTLE {
            if !is_open() {
                return Err(ClosedIdle);
            }
            sleep(PAUSE);
        }
        Ok(())
    }

    /// Records that bytes of a response arrived.
    pub(super) fn answer(&mut self) {
        if matches!(self, Self::Reused) {
            *self = Self::Answered;
        }
    }

    /// Whether the server closed the connection before it read the request that
    /// failed.
    pub(super) fn is_unread(&self, failed: Failed, stream: &TcpStream) -> bool {
        if !matches!(self, Self::Reused) {
            return false;
        }
        match failed {
            Failed::With(error) => error == io::ErrorKind::BrokenPipe,
            Failed::EndOfStream => is_reset(stream),
        }
    }
}

/// How a connection failed.
pub(super) enum Failed {
    /// The server ended the stream.
    EndOfStream,
    /// An I/O error. A broken pipe means that the end of the stream and a reset
    /// have arrived.
    With(io::ErrorKind),
}

/// Whether a reset follows the end of the stream. Nothing is written in the
/// meantime, because writing to a closed connection would itself cause a reset.
fn is_reset(stream: &TcpStream) -> bool {
    let start = Instant::now();
    loop {
        match stream.take_error() {
            Ok(None) if start.elapsed() < RESET_TIME => sleep(PAUSE),
            found => return matches!(found, Ok(Some(_))),
        }
    }
}
