//! A stand-in for the OpenAI API on loopback.
//!
//! It answers like the API does, and refuses requests that have other fields
//! than the connector may send, or break a rule which the API's documentation
//! has in prose alone. Ranges and choices are left to the API's machine-readable
//! description, by which other tests judge the same requests. There is no model
//! behind it: a chat answer says that it is the sandbox's and quotes the
//! question, a picture is a pattern drawn from the prompt, speech is a tone
//! drawn from the text. The same request always gets the same answer.
//!
//! ```
//! use openai_sandbox::{Fault, Options, Sandbox};
//!
//! let sandbox = Sandbox::start(Options::default())?;
//! sandbox.script(Fault::error(429, "rate_limit_exceeded", "Slow down."));
//! // … a client is given sandbox.base_url() …
//! assert!(sandbox.requests().is_empty());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Rules of thumb
//!
//! * One token is four characters of text, rounded up. Reasoning takes none.
//! * Timestamps in answers are always the same moment.
//! * Every model exists, but not in every endpoint.
//! * A chat answer names every attachment with its kind and length:
//!   `[image_url: image/png, 2979 bytes]`.
//! * Audio made by the sandbox is remembered: its transcript is the text that
//!   was spoken. Formats that are recorded samples share their bytes, so there
//!   the latest text wins.
//!
//! # Reading the code
//!
//! `server` takes a request through recording, scripted faults and the key
//! check to one file per endpoint. Each of those begins with its fields, goes
//! on with the rules between them and ends with the answer. What HTTP servers
//! cannot do is in `raw`, a server of bytes in front of a sandbox.
#![allow(clippy::indexing_slicing, reason = "members are only set in objects that are made here")]

mod audio;
mod call;
mod chat;
mod error;
mod fault;
mod images;
mod line;
mod models;
mod pace;
mod picture;
mod raw;
mod record;
mod schema;
mod server;
mod speech;
mod strict;
mod tokens;
mod transcriptions;

use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

pub use crate::fault::Fault;
pub use crate::raw::RawServer;
pub use crate::raw::Step;
pub use crate::record::Body;
pub use crate::record::Part;
pub use crate::record::Recorded;
use crate::server::Shared;

/// How a sandbox behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen. Only loopback addresses are accepted.
    pub listen: SocketAddr,
    /// The key that requests must carry; any key will do if there is none.
    pub token: Option<String>,
    /// A pause after every chunk of a streamed answer.
    pub chunk_pause: Duration,
    /// How many requests are remembered, the latest ones.
    pub remembered: usize,
}

impl Default for Options {
    /// A free port of 127.0.0.1, any key, no pauses, 10 000 requests.
    fn default() -> Options {
        Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: None,
            chunk_pause: Duration::ZERO,
            remembered: 10_000,
        }
    }
}

/// A running sandbox. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox on a thread of its own. It serves when this returns.
    ///
    /// # Errors
    ///
    /// When the address is not loopback or cannot be listened on.
    pub fn start(options: Options) -> io::Result<Sandbox> {
        if !options.listen.ip().is_loopback() {
            let message = format!("{} is not a loopback address", options.listen.ip());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let listener = TcpListener::bind(options.listen)?;
        listener.set_nonblocking(true)?;
        let shared = Arc::new(Shared::new(&options, listener.local_addr()?));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let serve = server::serve(listener, Arc::clone(&shared));
        let thread = thread::Builder::new().name("openai-sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    result = serve => drop(result),
                    _ = stopped => {}
                }
            });
            // Open connections and scripted delays are not waited for.
            runtime.shutdown_background();
        })?;
        Ok(Sandbox { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// The address clients are given: `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.shared.origin())
    }

    /// The requests received so far, in order of arrival.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.journal.requests()
    }

    /// Queues a fault. Each request takes one from the queue.
    pub fn script(&self, fault: Fault) {
        self.shared.script.push(fault);
    }

    /// Forgets the requests received and the faults still queued.
    pub fn clear(&self) {
        self.shared.journal.clear();
        self.shared.script.clear();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The server may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // Its panic was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Locks a mutex. What it guards stays consistent even if a holder panicked:
/// every change under these locks is a single step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number made of bytes that is the same in every run.
fn digest(bytes: &[u8]) -> u64 {
    // FNV-1a: short, and good enough to tell requests apart.
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
