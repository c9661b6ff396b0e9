//! What happens during a run, reported as it happens (`wit/events.wit`).
//!
//! Each of these functions fails if the run must end: hand the failure on with
//! `?`.

use serde_json::Value;

use crate::bindings::workflow::connector::events::{
    Event, FunctionCall, FunctionResult, Progress, TextDelta,
};
use crate::functions::Invocation;
use crate::{FileEntry, Result, host};

/// Whether the caller wants text as it arrives. If not, a connector need not
/// ask its provider to stream.
pub fn streaming() -> bool {
    host::streaming()
}

/// More of the answer.
pub fn text(text: impl Into<String>) -> Result<()> {
    text_of_choice(0, text)
}

/// More of one of several answers, counted from 0.
pub fn text_of_choice(choice: u32, text: impl Into<String>) -> Result<()> {
    emit(Event::TextDelta(TextDelta { choice, text: text.into() }))
}

/// More of what a model considers before it answers.
pub fn reasoning(text: impl Into<String>) -> Result<()> {
    emit(Event::ReasoningDelta(TextDelta { choice: 0, text: text.into() }))
}

/// How much is done, of how much if that is known. `unit` is what is counted,
/// such as `bytes`.
pub fn progress(unit: &str, done: u64, total: Option<u64>) -> Result<()> {
    emit(Event::Progress(Progress { unit: unit.to_owned(), done, total }))
}

/// A file that is there before the run ends, such as a preview.
pub fn file(entry: FileEntry) -> Result<()> {
    emit(Event::File(entry.into()))
}

/// A function is about to be called; `id` is the provider's id of the call.
pub fn function_call(id: &str, call: &Invocation) -> Result<()> {
    emit(Event::FunctionCall(FunctionCall {
        id: id.to_owned(),
        name: call.name.clone(),
        arguments: call.arguments.to_string(),
    }))
}

/// A function was called. A failure is the message that is handed back.
pub fn function_result(id: &str, name: &str, result: Result<&Value, &str>) -> Result<()> {
    emit(Event::FunctionResult(FunctionResult {
        id: id.to_owned(),
        name: name.to_owned(),
        result: result.map(Value::to_string).map_err(str::to_owned),
    }))
}

/// What the run is waiting for, for people, such as `queued`.
pub fn status(status: impl Into<String>) -> Result<()> {
    emit(Event::Status(status.into()))
}

/// Members of the outcome's metadata that are known before the run ends: an
/// object such as `{"id": "job_1"}`.
pub fn metadata(metadata: &Value) -> Result<()> {
    emit(Event::Metadata(metadata.to_string()))
}

fn emit(event: Event) -> Result<()> {
    Ok(host::emit(&event)?)
}
