//! The model's answer: one of the `choices`, which servers fill in differently.

use connector_sdk::{Failure, errors};
use serde_json::{Map, Value, json};

use crate::lenient::{at, items, text};

/// One of several answers to the same messages.
#[derive(Debug)]
pub struct Choice {
    /// The text, if there is any.
    pub content: Option<String>,
    /// Why the model declined to answer.
    pub refusal: Option<String>,
    /// Why the answer ended, or empty if unknown.
    pub finish_reason: String,
    /// The error that occurred at the provider during the answer.
    pub error: Option<Failure>,
    /// The functions that the model wants called.
    pub calls: Vec<ToolCall>,
}

impl Choice {
    /// Reads an item of `choices`.
    pub fn of(choice: &Value) -> Self {
        let refusal = text(at(choice, "message.refusal"));
        let calls = items(at(choice, "message.tool_calls"));
        Self {
            content: content(at(choice, "message.content")),
            refusal: (!refusal.is_empty()).then(|| refusal.to_owned()),
            finish_reason: text(at(choice, "finish_reason")).to_owned(),
            error: errors::is_error(choice).then(|| errors::inside(&choice.to_string())),
            calls: with_distinct_ids(calls.iter().filter_map(ToolCall::of).collect()),
        }
    }
}

/// The text of a message, which some servers send in parts. Parts of other types
/// contain reasoning and are skipped.
pub fn content(content: &Value) -> Option<String> {
    let text = |part: &Value| match at(part, "type").as_str() {
        None | Some("text" | "output_text") => {
            Some(part.as_str().or_else(|| at(part, "text").as_str())?.to_owned())
        }
        Some(_) => None,
    };
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let pieces: Vec<_> = parts.iter().filter_map(text).collect();
            (!pieces.is_empty()).then(|| pieces.concat())
        }
        _ => None,
    }
}

/// The model's message as it is sent back with these calls, including everything
/// that the provider put into it. Calls without a result are left out, because
/// the API rejects them. So are members that are null or an empty list: servers
/// do not accept everything in a request that they put into a response.
pub fn sent_back(message: &Value, calls: &[ToolCall]) -> Value {
    let mut message = message.as_object().cloned().unwrap_or_default();
    message.retain(|name, value| match value {
        Value::Null => name == "content",
        Value::Array(items) => !items.is_empty() && name != "tool_calls",
        _ => name != "tool_calls",
    });
    if !message.get("role").is_some_and(Value::is_string) {
        message.insert("role".to_owned(), json!("assistant"));
    }
    message.entry("content").or_insert(Value::Null);
    if !calls.is_empty() {
        message.insert("tool_calls".to_owned(), calls.iter().map(ToolCall::sent_back).collect());
    }
    Value::Object(message)
}

/// A function that the model wants called.
#[derive(Debug)]
pub struct ToolCall {
    /// The provider's ID of the call.
    pub id: String,
    /// The function's name.
    pub name: String,
    /// The arguments, as JSON text.
    pub arguments: String,
    /// The call as the provider sent it.
    given: Value,
}

impl ToolCall {
    /// A call without arguments.
    pub fn new(id: &str, name: &str) -> Self {
        let (id, name) = (id.to_owned(), name.to_owned());
        Self { id, name, arguments: "{}".to_owned(), given: Value::Null }
    }

    /// Reads an item of `tool_calls`, or returns `None` if it is not a call.
    fn of(call: &Value) -> Option<Self> {
        let id = text(at(call, "id"));
        if id.is_empty() && call.get("function").is_none() {
            return None;
        }
        // The API sends the arguments as a string, which is empty if there are
        // none. Some servers send the object itself.
        let arguments = match at(call, "function.arguments") {
            Value::Null => "{}".to_owned(),
            Value::String(text) if text.trim_ascii().is_empty() => "{}".to_owned(),
            Value::String(text) => text.clone(),
            object => object.to_string(),
        };
        Some(Self {
            arguments,
            given: call.clone(),
            ..Self::new(id, text(at(call, "function.name")))
        })
    }

    /// The call as it is sent back, with all its other members.
    pub fn sent_back(&self) -> Value {
        let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let mut function: Map<String, Value> = members(at(&self.given, "function"));
        function.insert("name".to_owned(), json!(self.name));
        function.insert("arguments".to_owned(), json!(self.arguments));
        let mut call = members(&self.given);
        call.insert("id".to_owned(), json!(self.id));
        call.insert("type".to_owned(), json!("function"));
        call.insert("function".to_owned(), Value::Object(function));
        Value::Object(call)
    }

    /// The message with the call's result.
    pub fn result(&self, content: &str) -> Value {
        json!({ "role": "tool", "tool_call_id": self.id, "content": content })
    }
}

/// Gives each call a distinct ID, unless the provider already did.
fn with_distinct_ids(mut calls: Vec<ToolCall>) -> Vec<ToolCall> {
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
