//! The model's answer, whichever API it comes from. Each API's module reads its own
//! format.

use connector_sdk::{Failure, FileEntry};
use serde_json::Value;

use crate::citations::Citation;

/// A complete answer.
#[derive(Debug)]
pub struct Answer {
    /// The model that answered.
    pub model: Option<String>,
    /// The answers to the same messages; there is at least one.
    pub choices: Vec<Choice>,
    /// The token counts, in the format of Chat Completions.
    pub usage: Value,
    /// What the provider did besides answering.
    pub report: Report,
    /// The part of the answer that is sent back with the next request, as the
    /// provider sent it.
    pub given: Value,
}

/// One of several answers to the same messages.
#[derive(Debug, Default)]
pub struct Choice {
    /// The text, if there is any.
    pub content: Option<String>,
    /// Why the model declined to answer.
    pub refusal: Option<String>,
    /// Why the answer ended, or empty if unknown. Both APIs' reasons have their
    /// names in Chat Completions.
    pub finish_reason: String,
    /// The error that occurred at the provider during the answer.
    pub error: Option<Failure>,
    /// The functions that the model wants to call.
    pub calls: Vec<FunctionCall>,
    /// The log probabilities, in the format of Chat Completions, or null.
    pub logprobs: Value,
    /// The sources that the text cites.
    pub citations: Vec<Citation>,
}

/// What the provider did besides answering.
#[derive(Debug, Default)]
pub struct Report {
    /// The ID under which the provider stores the response.
    pub response_id: Option<String>,
    /// The calls of the provider's own tools.
    pub tool_calls: Vec<Value>,
    /// Calls that the provider makes only if they are approved.
    pub approval_requests: Vec<Value>,
    /// Summaries of the model's reasoning.
    pub reasoning: Vec<String>,
    /// The generated images.
    pub files: Vec<FileEntry>,
    /// The results of moderation.
    pub moderation: Option<Value>,
}

impl Report {
    /// Adds the report on the next request of the same run.
    pub fn add(&mut self, later: Self) {
        self.response_id = later.response_id.or(self.response_id.take());
        self.tool_calls.extend(later.tool_calls);
        self.approval_requests = later.approval_requests;
        self.reasoning.extend(later.reasoning);
        self.files.extend(later.files);
        self.moderation = later.moderation.or(self.moderation.take());
    }
}

/// A function that the model wants to call.
#[derive(Debug, Clone)]
pub struct FunctionCall {
    /// The provider's ID of the call.
    pub id: String,
    /// The function's name.
    pub name: String,
    /// The arguments, as JSON text.
    pub arguments: String,
    /// The call as the provider sent it.
    pub given: Value,
}

impl FunctionCall {
    /// A call without arguments.
    pub fn new(id: &str, name: &str) -> Self {
        let (id, name) = (id.to_owned(), name.to_owned());
        Self { id, name, arguments: "{}".to_owned(), given: Value::Null }
    }

    /// Reads the arguments. The APIs send them as a string, which is empty if
    /// there are none. Some servers send the object itself.
    pub fn with_arguments(mut self, arguments: &Value) -> Self {
        match arguments {
            Value::Null => {}
            Value::String(text) if text.trim_ascii().is_empty() => {}
            Value::String(text) => self.arguments.clone_from(text),
            object => self.arguments = object.to_string(),
        }
        self
    }
}

/// Gives each call a distinct ID, unless the provider already did.
pub fn with_distinct_ids(mut calls: Vec<FunctionCall>) -> Vec<FunctionCall> {
    let given: Vec<String> = calls.iter().map(|call| call.id.clone()).collect();
    let mut ids: Vec<String> = Vec::new();
    for call in &mut calls {
        let mut numbered = (1..).map(|number| format!("call_{number}"));
        while call.id.is_empty() || ids.contains(&call.id) {
            call.id = numbered.find(|id| !given.contains(id)).unwrap_or_default();
        }
        ids.push(call.id.clone());
    }
    calls
}
