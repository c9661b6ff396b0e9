//! What a run tells while it runs, and how it is told to stop.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::files::FileEntry;

/// Something that happened during a run, `wit/events.wit`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "event")]
#[non_exhaustive]
pub enum Event {
    /// More text of an answer.
    TextDelta {
        /// Which of several answers, counted from 0.
        choice: u32,
        /// The text.
        text: String,
    },
    /// How far something is.
    Progress {
        /// What is counted, such as `bytes`.
        unit: String,
        /// How much is done.
        done: u64,
        /// How much there is, if that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// A request failed and is made again after a pause.
    Retry {
        /// How often it was made so far.
        attempt: u32,
        /// The pause in milliseconds.
        pause_ms: u64,
        /// Why.
        reason: String,
    },
    /// A file that is there before the run ends.
    File {
        /// Its handle.
        file: FileEntry,
    },
    /// A function is about to be called.
    FunctionCall {
        /// The provider's id of the call.
        id: String,
        /// The function.
        name: String,
        /// Its arguments.
        arguments: Value,
    },
    /// A function was called.
    FunctionResult {
        /// The provider's id of the call.
        id: String,
        /// The function.
        name: String,
        /// What it gave, or the message of its error.
        result: Result<Value, String>,
    },
}

/// Receives events, on the run's thread.
pub type OnEvent = Arc<dyn Fn(Event) + Send + Sync>;

/// Stops a run from another thread. Clones stop the same run.
#[derive(Clone, Default)]
pub struct Cancellation(Arc<Stop>);

#[derive(Default)]
struct Stop {
    cancelled: AtomicBool,
    waiting: Condvar,
    on_cancel: Mutex<Vec<(u64, OnCancel)>>,
}

/// What a cancellation does besides being noticed.
pub(crate) type OnCancel = Box<dyn Fn() + Send>;

impl Cancellation {
    /// Not cancelled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the run: it lets go of its provider at once and ends with a
    /// failure of kind `cancelled`.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        let on_cancel = self.0.on_cancel.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, on_cancel) in &*on_cancel {
            on_cancel();
        }
        self.0.waiting.notify_all();
    }

    /// Cancels when the value is dropped, for whoever a run must not outlive.
    #[must_use]
    pub fn cancel_on_drop(self) -> CancelOnDrop {
        CancelOnDrop(self)
    }

    /// Waits, unless it is cancelled before. Says whether it was.
    pub(crate) fn wait(&self, pause: Duration) -> bool {
        let guard = self.0.on_cancel.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.waiting.wait_timeout_while(guard, pause, |_| !self.is_cancelled());
        drop(waited);
        self.is_cancelled()
    }

    /// Whether it was stopped.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// Sets what is done for a run when it is cancelled: a run and those that
    /// it calls as functions stop together. To be followed by a look at
    /// [`is_cancelled`](Self::is_cancelled): it may have happened before.
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
