//! The resources that a run and all runs of its functions have used.
//!
//! A limit per item does not bound the total: a guest that is allowed one large
//! response could hold sixty, and one that may call a function could call a
//! thousand. So a whole tree of runs shares one account. Exceeding a limit ends the
//! tree, but no other runs.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::budget::{Limits, Stopped};
use crate::contract::{Failure, FailureKind, json};

/// The maximum number of concurrent instances: the run's own, and those of the
/// actions that it calls as functions. The engine has this many slots per run.
pub(crate) const MAX_INSTANCES: u32 = 5;
/// The maximum number of logged messages. Further ones are dropped.
const MAX_MESSAGES: u32 = 1_000;
/// The maximum number of stored files, which is more than any run needs.
pub(crate) const MAX_FILES: u32 = 1_000;
/// The number of responses containing a secret of the connection after which the
/// run ends. A careless provider may repeat the secret in an error, but a connector
/// that provokes this again and again is trying to learn it.
const MAX_RESPONSES_WITH_SECRET: u32 = 3;
/// How often a run that is waiting for an instance checks whether it should stop.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// The account of a tree of runs.
pub(crate) struct Account {
    limits: Limits,
    /// The bytes that the host holds in memory for the runs.
    held: AtomicU64,
    /// The number of open responses and files.
    open: AtomicU32,
    requests: AtomicU32,
    messages: AtomicU32,
    files: AtomicU32,
    file_bytes: AtomicU64,
    responses_with_secret: AtomicU32,
    instances: Mutex<u32>,
    instance_freed: Condvar,
    /// Whether a request may have reached a provider, and whether one may have
    /// been processed.
    request_sent: AtomicBool,
    processed: AtomicBool,
    exceeded: OnceLock<Failure>,
}

/// Bytes that count as held until this is dropped.
pub(crate) struct Held {
    account: Arc<Account>,
    bytes: u64,
}

/// A file that is being written. It stops counting if it is dropped without being
/// kept.
pub(crate) struct CountedFile {
    account: Arc<Account>,
    bytes: u64,
    is_kept: bool,
}

/// Counts an open response or file until this is dropped.
pub(crate) struct Open(Arc<Account>);

/// Counts an instance until this is dropped.
pub(crate) struct InstanceSlot(Arc<Account>);

/// A limit was exceeded. This error ends the guest.
#[derive(Debug, thiserror::Error)]
#[error("the run exceeded a limit")]
pub(crate) struct Exceeded;

impl Account {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            limits: limits.clone(),
            held: AtomicU64::new(0),
            open: AtomicU32::new(0),
            requests: AtomicU32::new(0),
            messages: AtomicU32::new(0),
            files: AtomicU32::new(0),
            file_bytes: AtomicU64::new(0),
            responses_with_secret: AtomicU32::new(0),
            instances: Mutex::new(0),
            instance_freed: Condvar::new(),
            request_sent: AtomicBool::new(false),
            processed: AtomicBool::new(false),
            exceeded: OnceLock::new(),
        })
    }

    /// The failure that ends the whole tree, if a limit was exceeded.
    pub(crate) fn exceeded(&self) -> Option<&Failure> {
        self.exceeded.get()
    }

    /// Checks that no limit was exceeded.
    ///
    /// # Errors
    /// If a limit was exceeded.
    pub(crate) fn check(&self) -> Result<(), Exceeded> {
        if self.exceeded.get().is_some() { Err(Exceeded) } else { Ok(()) }
    }

    fn exceed(&self, kind: FailureKind, message: String) -> Exceeded {
        let _ = self.exceeded.set(Failure::new(kind, message));
        Exceeded
    }

    /// Counts bytes that the host holds for the run.
    pub(crate) fn hold(self: &Arc<Self>, bytes: usize) -> Result<Held, Exceeded> {
        let mut held = Held { account: Arc::clone(self), bytes: 0 };
        held.set(bytes)?;
        Ok(held)
    }

    /// The number of bytes that may still be held.
    pub(crate) fn left(&self) -> usize {
        let left = self.limits.held_bytes.saturating_sub(self.held.load(Ordering::Relaxed));
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// Parses JSON within the memory that may still be held.
    pub(crate) fn parse(self: &Arc<Self>, text: &str) -> serde_json::Result<(Value, Held)> {
        let max = self.left();
        let mut left = max;
        let value = json::parse_within(text, &mut left)?;
        let mut held = Held { account: Arc::clone(self), bytes: 0 };
        // The value's strings are no longer than the text they were parsed from.
        let _ = held.set(max - left + text.len());
        Ok((value, held))
    }

    /// Opens a response or a file.
    pub(crate) fn open(self: &Arc<Self>) -> Result<Open, Exceeded> {
        let open = Open(Arc::clone(self));
        if self.open.fetch_add(1, Ordering::Relaxed) >= self.limits.open {
            let max = self.limits.open;
            let message = format!("the run has more than {max} responses and files open");
            return Err(self.exceed(FailureKind::TooLarge, message));
        }
        Ok(open)
    }

    /// Counts an attempt at a request.
    pub(crate) fn request(&self) -> Result<(), Exceeded> {
        if self.requests.fetch_add(1, Ordering::Relaxed) >= self.limits.requests {
            let max = self.limits.requests;
            let message = format!("the run made more than {max} requests");
            return Err(self.exceed(FailureKind::TooLarge, message));
        }
        Ok(())
    }

    /// Counts a response that contained a secret.
    pub(crate) fn response_with_secret(&self) -> Result<(), Exceeded> {
        let count = self.responses_with_secret.fetch_add(1, Ordering::Relaxed) + 1;
        if count >= MAX_RESPONSES_WITH_SECRET {
            let message = format!(
                "{count} responses from the provider contained a secret from the connection"
            );
            return Err(self.exceed(FailureKind::InvalidOutput, message));
        }
        Ok(())
    }

    /// Counts a log message. Returns whether it may be logged.
    pub(crate) fn message(&self) -> bool {
        self.messages.fetch_add(1, Ordering::Relaxed) < MAX_MESSAGES
    }

    /// Counts a new file.
    ///
    /// # Errors
    /// `too-large`
    pub(crate) fn file(self: &Arc<Self>) -> Result<CountedFile, Failure> {
        let file = CountedFile { account: Arc::clone(self), bytes: 0, is_kept: false };
        if self.files.fetch_add(1, Ordering::Relaxed) >= MAX_FILES {
            let message = format!("a run may store at most {MAX_FILES} files");
            return Err(Failure::new(FailureKind::TooLarge, message));
        }
        Ok(file)
    }

    /// Waits until the tree has a free instance. Runs never wait for another tree,
    /// so no run waits forever.
    pub(crate) fn instance(
        self: &Arc<Self>,
        stopped: impl Fn() -> Option<Stopped>,
    ) -> Result<InstanceSlot, Stopped> {
        let mut taken = self.instances();
        while *taken >= MAX_INSTANCES {
            if let Some(stopped) = stopped() {
                return Err(stopped);
            }
            let waited = self.instance_freed.wait_timeout(taken, CHECK_INTERVAL);
            taken = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *taken += 1;
        Ok(InstanceSlot(Arc::clone(self)))
    }

    fn instances(&self) -> MutexGuard<'_, u32> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records whether a request may have reached a provider, and whether it may
    /// have been processed.
    pub(crate) fn sent(&self, request_sent: bool, processed: bool) {
        self.request_sent.fetch_or(request_sent, Ordering::SeqCst);
        self.processed.fetch_or(processed, Ordering::SeqCst);
    }

    pub(crate) fn request_sent(&self) -> bool {
        self.request_sent.load(Ordering::SeqCst)
    }

    pub(crate) fn processed(&self) -> bool {
        self.processed.load(Ordering::SeqCst)
    }
}

impl Held {
    /// Sets the number of bytes.
    pub(crate) fn set(&mut self, bytes: usize) -> Result<(), Exceeded> {
        let bytes = bytes as u64;
        let before = std::mem::replace(&mut self.bytes, bytes);
        if bytes <= before {
            self.account.held.fetch_sub(before - bytes, Ordering::Relaxed);
            return Ok(());
        }
        let held = self.account.held.fetch_add(bytes - before, Ordering::Relaxed);
        let max = self.account.limits.held_bytes;
        if held + (bytes - before) > max {
            let message = format!("the run uses more than {max} bytes of the host's memory");
            return Err(self.account.exceed(FailureKind::TooLarge, message));
        }
        Ok(())
    }
}

impl CountedFile {
    /// Counts bytes before they are written.
    ///
    /// # Errors
    /// `too-large`
    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), Failure> {
        let bytes = bytes as u64;
        self.bytes += bytes;
        let max = self.account.limits.file_bytes;
        if self.account.file_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > max {
            let message = format!("a run may store at most {max} bytes in files");
            return Err(Failure::new(FailureKind::TooLarge, message));
        }
        Ok(())
    }

    /// Keeps the file counted.
    pub(crate) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for CountedFile {
    fn drop(&mut self) {
        if !self.is_kept {
            self.account.files.fetch_sub(1, Ordering::Relaxed);
            self.account.file_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.account.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for InstanceSlot {
    fn drop(&mut self) {
        *self.0.instances() -= 1;
        self.0.instance_freed.notify_one();
    }
}

impl From<Exceeded> for Failure {
    /// For functions that return a failure. The guest does not see it, because its
    /// next call traps.
    fn from(exceeded: Exceeded) -> Self {
        Self::new(FailureKind::TooLarge, exceeded.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(change: impl FnOnce(&mut Limits)) -> Arc<Account> {
        let mut limits = Limits::default();
        change(&mut limits);
        Account::new(&limits)
    }

    #[test]
    fn released_bytes_can_be_held_again() {
        let account = account(|limits| limits.held_bytes = 100);
        for _ in 0..10 {
            let mut held = account.hold(60).unwrap();
            held.set(20).unwrap();
            let other = account.hold(80).unwrap();
            assert_eq!(account.left(), 0);
            drop((held, other));
            assert_eq!(account.left(), 100);
        }
        assert!(account.exceeded().is_none());
    }

    #[test]
    fn limits_the_total_and_reports_the_exceeded_limit() {
        let account = account(|limits| (limits.held_bytes, limits.open) = (100, 2));
        let _held = account.hold(60).unwrap();
        let _open = (account.open().unwrap(), account.open().unwrap());
        assert!(account.check().is_ok());
        assert!(account.hold(60).is_err());
        assert!(account.open().is_err() && account.check().is_err());
        let message = "the run uses more than 100 bytes of the host's memory";
        assert_eq!(account.exceeded().unwrap().message, message);
        assert_eq!(account.left(), 40);
    }

    #[test]
    fn counts_requests_and_responses_with_a_secret() {
        let account = account(|limits| limits.requests = 2);
        assert!(account.request().is_ok() && account.request().is_ok());
        assert!(account.request().is_err());
        let account = self::account(|_| ());
        assert!(account.response_with_secret().is_ok() && account.response_with_secret().is_ok());
        assert!(account.response_with_secret().is_err());
        assert_eq!(account.exceeded().unwrap().kind, FailureKind::InvalidOutput);
    }

    #[test]
    fn waits_for_a_free_instance() {
        let account = account(|_| ());
        let mut slots: Vec<_> =
            (0..MAX_INSTANCES).map(|_| account.instance(|| None).ok().unwrap()).collect();
        assert!(account.instance(|| Some(Stopped::Deadline)).is_err());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| account.instance(|| None).is_ok());
            slots.pop();
            assert!(waiting.join().unwrap());
        });
    }
}
