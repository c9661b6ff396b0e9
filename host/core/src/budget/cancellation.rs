//! Stopping a run, either on request or at its deadline.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::contract::{Failure, FailureKind};

/// Stops a run from another thread. Clones stop the same run.
#[derive(Clone, Default)]
pub struct Cancellation(Arc<Stop>);

#[derive(Default)]
struct Stop {
    cancelled: AtomicBool,
    waiting: Condvar,
    on_cancel: Mutex<Vec<(u64, OnCancel)>>,
}

/// A callback that runs on cancellation.
pub(crate) type OnCancel = Box<dyn Fn() + Send>;

impl Cancellation {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the run. It disconnects from its provider at once and ends with a
    /// failure of kind `cancelled`.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        let on_cancel = self.0.on_cancel.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, on_cancel) in &*on_cancel {
            on_cancel();
        }
        self.0.waiting.notify_all();
    }

    /// Returns a guard that cancels when it is dropped, for callers that a run must
    /// not outlive.
    #[must_use]
    pub fn cancel_on_drop(self) -> CancelOnDrop {
        CancelOnDrop(self)
    }

    /// Waits for `pause`, or until the run is cancelled. Returns whether it was.
    pub(crate) fn wait(&self, pause: Duration) -> bool {
        let guard = self.0.on_cancel.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.waiting.wait_timeout_while(guard, pause, |_| !self.is_cancelled());
        drop(waited);
        self.is_cancelled()
    }

    /// Whether the run was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// Sets a run's cancellation callback. A run and the runs that it calls as
    /// functions share a token, but each has its own callback. Check
    /// [`is_cancelled`](Self::is_cancelled) afterwards, because the token may
    /// already have been cancelled.
    pub(crate) fn on_cancel(&self, run: u64, on_cancel: Option<OnCancel>) {
        let mut all = self.0.on_cancel.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(other, _)| *other != run);
        all.extend(on_cancel.map(|on_cancel| (run, on_cancel)));
    }
}

/// Stops a run when it is dropped.
#[derive(Debug)]
pub struct CancelOnDrop(Cancellation);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancellation").field(&self.is_cancelled()).finish()
    }
}

/// Why a call must end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stopped {
    Cancelled,
    Deadline,
}

impl Stopped {
    pub(crate) fn of(cancellation: &Cancellation, deadline: Instant) -> Option<Self> {
        if cancellation.is_cancelled() {
            Some(Self::Cancelled)
        } else if deadline <= Instant::now() {
            Some(Self::Deadline)
        } else {
            None
        }
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Cancelled => Self::new(FailureKind::Cancelled, "the run was cancelled"),
            Stopped::Deadline => Self::new(FailureKind::Timeout, "the run exceeded its time limit"),
        }
    }
}
