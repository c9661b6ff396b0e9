//! What a run tells while it runs, and how it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// Receives events, on the run's own thread.
pub type OnEvent = Arc<dyn Fn(Event) + Send + Sync>;

/// Stops a run from another thread. Clones stop the same run.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Not cancelled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the run: it ends with a failure of kind `cancelled`.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was stopped.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
