//! Events of a run, reported to the caller as they happen (`wit/events.wit`).
//!
//! Functions that return a `Result` fail if the run must end. Return the failure
//! with `?`.

use serde_json::Value;

use crate::bindings::workflow::connector::events::{
    Event, FunctionCall, FunctionResult, Progress, TextDelta,
};
use crate::functions::Invocation;
use crate::{FileEntry, Result, host};

/// Returns whether the caller wants text as it arrives. If not, the connector
/// need not request a stream from the provider.
pub fn streaming() -> bool {
    host::streaming()
}

/// Reports more text of the answer.
pub fn text(text: impl Into<String>) -> Result<()> {
    text_of_choice(0, text)
}

/// Reports more text of one of several answers. Their indices start at 0.
pub fn text_of_choice(choice: u32, text: impl Into<String>) -> Result<()> {
    emit(Event::TextDelta(TextDelta { choice, text: text.into() }))
}

/// Reports more of the model's reasoning, before it answers.
pub fn reasoning(text: impl Into<String>) -> Result<()> {
    emit(Event::ReasoningDelta(TextDelta { choice: 0, text: text.into() }))
}

/// Reports progress: the amount completed and, if known, the total. `unit` is
/// the unit of both, such as `bytes`.
pub fn progress(unit: &str, done: u64, total: Option<u64>) -> Result<()> {
    emit(Event::Progress(Progress { unit: unit.to_owned(), done, total }))
}

/// Reports a file that is available before the run ends, such as a preview. It
/// is kept even if the run fails.
pub fn file(entry: FileEntry) -> Result<()> {
    emit(Event::File(entry.into()))
}

/// Reports that a function is about to be called. `id` is the provider's ID of
/// the call.
pub fn function_call(id: &str, call: &Invocation) -> Result<()> {
    emit(Event::FunctionCall(FunctionCall {
        id: id.to_owned(),
        name: call.name.clone(),
        arguments: call.arguments.to_string(),
    }))
}

/// Reports that a function call has finished. An error is the message returned
/// to the model.
pub fn function_result(id: &str, name: &str, result: Result<&Value, &str>) -> Result<()> {
    emit(Event::FunctionResult(FunctionResult {
        id: id.to_owned(),
        name: name.to_owned(),
        result: result.map(Value::to_string).map_err(str::to_owned),
    }))
}

/// Reports a short status for people, such as `queued`.
pub fn status(status: impl Into<String>) -> Result<()> {
    emit(Event::Status(status.into()))
}

/// Reports members of the outcome's metadata that are known before the run
/// ends: an object such as `{"id": "job_1"}`.
pub fn metadata(metadata: &Value) -> Result<()> {
    emit(Event::Metadata(metadata.to_string()))
}

fn emit(event: Event) -> Result<()> {
    Ok(host::emit(&event)?)
}
