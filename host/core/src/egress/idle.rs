//! Connections that wait for their next request, and servers that close them
//! meanwhile.
//!
//! A server may close an idle connection at any time (RFC 9112 §9.5), also at
//! the moment at which the next request is on its way. Whether that request may
//! be made again depends on whether the server has read it: a chat completion
//! that was processed has been paid. Two things keep that apart:
//!
//! - A server that closes each connection behind its answer without announcing
//!   it does so within moments. So the first time that a connection is used
//!   again, it must have been quiet for [`SETTLE`].
//! - A server that closed a connection before it read what arrives there resets
//!   it: its end comes first, and the reset behind it. One that read the request
//!   and then went away has an end without a reset.

use std::io;
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a connection must have been quiet before it is used again for the
/// first time. It costs a run that much once, and only if its next request
/// follows faster.
const SETTLE: Duration = Duration::from_millis(25);
/// How long a reset is waited for behind a server's end: it is on its way for
/// as long as the request was.
const RESET_TIME: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(1);

/// The server closed an idle connection and has not read the request that was
/// sent on it.
#[derive(Debug, thiserror::Error)]
#[error("the server closed the idle connection")]
pub(super) struct ClosedIdle;

/// What a connection is used for.
#[derive(Debug)]
pub(super) enum Use {
    /// For its first request.
    First,
    /// For none, since then.
    Idle { since: Instant, proven: bool },
    /// For a further one, of whose answer nothing came yet.
    Again,
    /// For a further one.
    Answered,
}

impl Use {
    /// Notes that the connection waits for its next request.
    pub(super) fn wait(&mut self) {
        let proven = match self {
            Self::Idle { .. } => return,
            Self::First => false,
            Self::Again | Self::Answered => true,
        };
        *self = Self::Idle { since: Instant::now(), proven };
    }

    /// Notes that a request goes out.
    ///
    /// # Errors
    /// If the server has closed the connection: nothing was sent.
    pub(super) fn request(&mut self, mut is_open: impl FnMut() -> bool) -> Result<(), ClosedIdle> {
        let Self::Idle { since, proven } = *self else { return Ok(()) };
        *self = Self::Again;
        while !proven && since.elapsed() < SETTLE {
            if !is_open() {
                return Err(ClosedIdle);
            }
            sleep(PAUSE);
        }
        Ok(())
    }

    /// Notes that bytes of an answer came.
    pub(super) fn answer(&mut self) {
        if matches!(self, Self::Again) {
            *self = Self::Answered;
        }
    }

    /// Whether the server closed the connection before it read the request that
    /// failed.
    pub(super) fn is_unread(&self, failed: Failed, stream: &TcpStream) -> bool {
        if !matches!(self, Self::Again) {
            return false;
        }
        match failed {
            Failed::With(error) => error == io::ErrorKind::BrokenPipe,
            Failed::AtItsEnd => is_reset(stream),
        }
    }
}

/// How a connection failed.
pub(super) enum Failed {
    /// The server has ended it.
    AtItsEnd,
    /// With this error. A broken pipe is an end that a reset has followed.
    With(io::ErrorKind),
}

/// Whether a reset follows the end of a connection. Nothing is written
/// meanwhile: a server that is gone would answer that with a reset.
fn is_reset(stream: &TcpStream) -> bool {
    let begun = Instant::now();
    loop {
        match stream.take_error() {
            Ok(None) if begun.elapsed() < RESET_TIME => sleep(PAUSE),
            found => return matches!(found, Ok(Some(_))),
        }
    }
}
