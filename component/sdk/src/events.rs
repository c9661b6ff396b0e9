//! What happens during a run, reported as it happens (`wit/events.wit`).
//!
//! Each of these functions fails if the run must end: hand the failure on with
//! `?`.

use serde::Serialize;

use crate::bindings::workflow::connector::events::{
    Event, FunctionCall, FunctionResult, Progress, TextDelta,
};
use crate::functions::Invocation;
use crate::{Failure, FileEntry, Result, host};

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
pub fn function_result(id: &str, name: &str, result: Result<&impl Serialize, &str>) -> Result<()> {
    let result = match result {
        Ok(value) => Ok(serde_json::to_string(value).map_err(|error| {
            Failure::internal(format!("the result of `{name}` cannot be written as JSON: {error}"))
        })?),
        Err(message) => Err(message.to_owned()),
    };
    emit(Event::FunctionResult(FunctionResult { id: id.to_owned(), name: name.to_owned(), result }))
}

/// What the run is waiting for, for people, such as `queued`.
pub fn status(status: impl Into<String>) -> Result<()> {
    emit(Event::Status(status.into()))
}

/// Members of the outcome's metadata that are known before the run ends.
pub fn metadata(metadata: &serde_json::Map<String, serde_json::Value>) -> Result<()> {
    emit(Event::Metadata(serde_json::json!(metadata).to_string()))
}

fn emit(event: Event) -> Result<()> {
    Ok(host::emit(&event)?)
}
