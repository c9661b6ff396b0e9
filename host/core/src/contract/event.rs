//! The events that a run reports to its caller.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::file_entry::FileEntry;

/// Something that happened during a run (`wit/events.wit`).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "event")]
#[non_exhaustive]
pub enum Event {
    /// More text of an answer.
    TextDelta {
        /// The index of the answer, if there are several.
        choice: u32,
        /// The text.
        text: String,
    },
    /// More of the model's reasoning before the answer.
    ReasoningDelta {
        /// The index of the answer, if there are several.
        choice: u32,
        /// The text.
        text: String,
    },
    /// What the run is waiting for, as human-readable text.
    Status {
        /// The text, such as `queued`.
        text: String,
    },
    /// Members of the outcome's metadata that are known before the run ends.
    Metadata {
        /// An object.
        metadata: Value,
    },
    /// The progress of something.
    Progress {
        /// The unit, such as `bytes`.
        unit: String,
        /// How much is done.
        done: u64,
        /// The total, if known.
        #[serde(skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// A request failed and will be retried after a pause.
    Retry {
        /// The number of attempts so far.
        attempt: u32,
        /// The pause in milliseconds.
        pause_ms: u64,
        /// Why the attempt failed.
        reason: String,
    },
    /// A file that is available before the run ends.
    File {
        /// Its handle.
        file: FileEntry,
    },
    /// A function is about to be called.
    FunctionCall {
        /// The provider's ID of the call.
        id: String,
        /// The function.
        name: String,
        /// Its arguments.
        arguments: Value,
    },
    /// A function was called.
    FunctionResult {
        /// The provider's ID of the call.
        id: String,
        /// The function.
        name: String,
        /// Its result, or the message of its error.
        result: Result<Value, String>,
    },
}

/// Receives events, on the run's thread.
pub type OnEvent = Arc<dyn Fn(Event) + Send + Sync>;
