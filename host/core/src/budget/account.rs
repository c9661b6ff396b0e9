//! What a run has used, together with all runs that its functions start.
//!
//! A limit on each thing is no limit on their sum: a guest that may hold one
//! large answer may hold sixty, and one that may call a function may call a
//! thousand. So there is one account for the whole tree of runs. A run that
//! exceeds it ends, and nothing else does.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::budget::{Limits, Stopped};
use crate::contract::{Failure, FailureKind, json};

/// Instances at the same time: the run's own, and those of the actions that it
/// calls as functions. The engine has room for so many for each run.
pub(crate) const MAX_INSTANCES: u32 = 5;
/// Messages that are logged; further ones are dropped.
const MAX_MESSAGES: u32 = 1_000;
/// More files than any run stores.
pub(crate) const MAX_FILES: u32 = 1_000;
/// Answers that contain a secret of the connection before the run ends. A
/// careless provider repeats one in an error; a connector that makes it do so
/// again and again is looking for something.
const MAX_ANSWERS_WITH_SECRET: u32 = 3;
/// How often one that waits for an instance looks whether it should stop.
const LOOK: Duration = Duration::from_millis(50);

/// The account of a tree of runs.
pub(crate) struct Account {
    limits: Limits,
    /// Bytes that the host holds for it.
    held: AtomicU64,
    /// Open responses and files.
    open: AtomicU32,
    requests: AtomicU32,
    messages: AtomicU32,
    files: AtomicU32,
    file_bytes: AtomicU64,
    answers_with_secret: AtomicU32,
    instances: Mutex<u32>,
    instance_freed: Condvar,
    /// Whether a request may have reached a provider, and whether one may have
    /// been processed.
    request_sent: AtomicBool,
    processed: AtomicBool,
    exceeded: OnceLock<Failure>,
}

/// Bytes that are held until this is dropped.
pub(crate) struct Held {
    account: Arc<Account>,
    bytes: u64,
}

/// A file that is being written. It no longer counts if it is dropped before it
/// is kept.
pub(crate) struct CountedFile {
    account: Arc<Account>,
    bytes: u64,
    is_kept: bool,
}

/// An open response or file, until this is dropped.
pub(crate) struct Open(Arc<Account>);

/// An instance, until this is dropped.
pub(crate) struct InstancePlace(Arc<Account>);

/// The account was exceeded: the guest is ended by this error.
#[derive(Debug, thiserror::Error)]
#[error("the run has used more than it may")]
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
            answers_with_secret: AtomicU32::new(0),
            instances: Mutex::new(0),
            instance_freed: Condvar::new(),
            request_sent: AtomicBool::new(false),
            processed: AtomicBool::new(false),
            exceeded: OnceLock::new(),
        })
    }

    /// Why the whole tree ends, if it does.
    pub(crate) fn exceeded(&self) -> Option<&Failure> {
        self.exceeded.get()
    }

    /// # Errors
    /// If it was exceeded.
    pub(crate) fn check(&self) -> Result<(), Exceeded> {
        if self.exceeded.get().is_some() { Err(Exceeded) } else { Ok(()) }
    }

    fn exceed(&self, kind: FailureKind, message: String) -> Exceeded {
        let _ = self.exceeded.set(Failure::new(kind, message));
        Exceeded
    }

    /// Holds bytes for the run.
    pub(crate) fn hold(self: &Arc<Self>, bytes: usize) -> Result<Held, Exceeded> {
        let mut held = Held { account: Arc::clone(self), bytes: 0 };
        held.set(bytes)?;
        Ok(held)
    }

    /// How many bytes more may be held.
    pub(crate) fn left(&self) -> usize {
        let left = self.limits.held_bytes.saturating_sub(self.held.load(Ordering::Relaxed));
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// Parses JSON into what may still be held.
    pub(crate) fn parse(self: &Arc<Self>, text: &str) -> serde_json::Result<(Value, Held)> {
        let most = self.left();
        let mut left = most;
        let value = json::parse_within(text, &mut left)?;
        let mut held = Held { account: Arc::clone(self), bytes: 0 };
        // Its texts are as long as what they are parsed from.
        let _ = held.set(most - left + text.len());
        Ok((value, held))
    }

    /// Opens a response or a file.
    pub(crate) fn open(self: &Arc<Self>) -> Result<Open, Exceeded> {
        let open = Open(Arc::clone(self));
        if self.open.fetch_add(1, Ordering::Relaxed) >= self.limits.open {
            let most = self.limits.open;
            let message = format!("the run has more than {most} responses and files open");
            return Err(self.exceed(FailureKind::TooLarge, message));
        }
        Ok(open)
    }

    /// Counts an attempt at a request.
    pub(crate) fn request(&self) -> Result<(), Exceeded> {
        if self.requests.fetch_add(1, Ordering::Relaxed) >= self.limits.requests {
            let most = self.limits.requests;
            let message = format!("the run made more than {most} requests");
            return Err(self.exceed(FailureKind::TooLarge, message));
        }
        Ok(())
    }

    /// Counts an answer that contained a secret.
    pub(crate) fn answer_with_secret(&self) -> Result<(), Exceeded> {
        let count = self.answers_with_secret.fetch_add(1, Ordering::Relaxed) + 1;
        if count >= MAX_ANSWERS_WITH_SECRET {
            let message =
                format!("{count} answers of the provider contained a secret of the connection");
            return Err(self.exceed(FailureKind::InvalidOutput, message));
        }
        Ok(())
    }

    /// Counts a message that is to be logged; `false` if it is one too many.
    pub(crate) fn message(&self) -> bool {
        self.messages.fetch_add(1, Ordering::Relaxed) < MAX_MESSAGES
    }

    /// Counts a file that is to be stored.
    ///
    /// # Errors
    /// `too-large`
    pub(crate) fn file(self: &Arc<Self>) -> Result<CountedFile, Failure> {
        let file = CountedFile { account: Arc::clone(self), bytes: 0, is_kept: false };
        if self.files.fetch_add(1, Ordering::Relaxed) >= MAX_FILES {
            let message = format!("a run stores at most {MAX_FILES} files");
            return Err(Failure::new(FailureKind::TooLarge, message));
        }
        Ok(file)
    }

    /// Waits for an instance of the tree's own. None of its runs waits for one
    /// of another tree, so none can wait for ever.
    pub(crate) fn instance(
        self: &Arc<Self>,
        stopped: impl Fn() -> Option<Stopped>,
    ) -> Result<InstancePlace, Stopped> {
        let mut taken = self.instances();
        while *taken >= MAX_INSTANCES {
            if let Some(stopped) = stopped() {
                return Err(stopped);
            }
            let waited = self.instance_freed.wait_timeout(taken, LOOK);
            taken = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *taken += 1;
        Ok(InstancePlace(Arc::clone(self)))
    }

    fn instances(&self) -> MutexGuard<'_, u32> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request may have reached a provider, and may have been processed.
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
    /// Holds as many bytes as there are now.
    pub(crate) fn set(&mut self, bytes: usize) -> Result<(), Exceeded> {
        let bytes = bytes as u64;
        let before = std::mem::replace(&mut self.bytes, bytes);
        if bytes <= before {
            self.account.held.fetch_sub(before - bytes, Ordering::Relaxed);
            return Ok(());
        }
        let held = self.account.held.fetch_add(bytes - before, Ordering::Relaxed);
        let most = self.account.limits.held_bytes;
        if held + (bytes - before) > most {
            let message = format!("the host holds more than {most} bytes for the run");
            return Err(self.account.exceed(FailureKind::TooLarge, message));
        }
        Ok(())
    }
}

impl CountedFile {
    /// Counts bytes that are to be written to it.
    ///
    /// # Errors
    /// `too-large`
    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), Failure> {
        let bytes = bytes as u64;
        self.bytes += bytes;
        let most = self.account.limits.file_bytes;
        if self.account.file_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > most {
            let message = format!("a run stores at most {most} bytes in files");
            return Err(Failure::new(FailureKind::TooLarge, message));
        }
        Ok(())
    }

    /// The file stays.
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

impl Drop for InstancePlace {
    fn drop(&mut self) {
        *self.0.instances() -= 1;
        self.0.instance_freed.notify_one();
    }
}

impl From<Exceeded> for Failure {
    /// For where a failure is asked for: the guest does not get it, because its
    /// next call ends it.
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
    fn what_is_let_go_can_be_held_again() {
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
    fn the_sum_is_limited_and_says_what_was_exceeded() {
        let account = account(|limits| (limits.held_bytes, limits.open) = (100, 2));
        let _held = account.hold(60).unwrap();
        let _open = (account.open().unwrap(), account.open().unwrap());
        assert!(account.check().is_ok());
        assert!(account.hold(60).is_err());
        assert!(account.open().is_err() && account.check().is_err());
        let message = "the host holds more than 100 bytes for the run";
        assert_eq!(account.exceeded().unwrap().message, message);
        assert_eq!(account.left(), 40);
    }

    #[test]
    fn requests_and_answers_with_a_secret_are_counted() {
        let account = account(|limits| limits.requests = 2);
        assert!(account.request().is_ok() && account.request().is_ok());
        assert!(account.request().is_err());
        let account = self::account(|_| ());
        assert!(account.answer_with_secret().is_ok() && account.answer_with_secret().is_ok());
        assert!(account.answer_with_secret().is_err());
        assert_eq!(account.exceeded().unwrap().kind, FailureKind::InvalidOutput);
    }

    #[test]
    fn an_instance_is_waited_for() {
        let account = account(|_| ());
        let mut places: Vec<_> =
            (0..MAX_INSTANCES).map(|_| account.instance(|| None).ok().unwrap()).collect();
        assert!(account.instance(|| Some(Stopped::Deadline)).is_err());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| account.instance(|| None).is_ok());
            places.pop();
            assert!(waiting.join().unwrap());
        });
    }
}
