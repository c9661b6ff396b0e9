//! What happens during a run, as its caller hears of it.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::file_entry::FileEntry;

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
    /// More of what a model considers before it answers.
    ReasoningDelta {
        /// Which of several answers, counted from 0.
        choice: u32,
        /// The text.
        text: String,
    },
    /// What the run is waiting for, for people.
    Status {
        /// The text, such as `queued`.
        text: String,
    },
    /// Members of the outcome's metadata that are known before the run ends.
    Metadata {
        /// An object.
        metadata: Value,
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
