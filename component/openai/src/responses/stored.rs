//! A stored response, as the actions return it.

use connector_sdk::http::Response;
use connector_sdk::{FileEntry, Outcome, Properties, Result};
use serde::Serialize;
use serde_json::{Value, json};
use serde_with::skip_serializing_none;

use super::reply::Reply;
use crate::citations::Citation;
use crate::lenient::{at, text};
use crate::usage::Usage;

#[skip_serializing_none]
#[derive(Serialize, Properties)]
#[serde(rename_all = "camelCase")]
#[property(output)]
pub struct StoredResponse {
    /// The ID of the response.
    id: String,
    /// The status: queued, in_progress, completed, incomplete, failed or cancelled.
    status: String,
    /// The text of the answer.
    #[property(display = "markdown")]
    text: Option<String>,
    /// Why the model declined to answer.
    refusal: Option<String>,
    /// Why the response is incomplete, such as max_output_tokens.
    incomplete_reason: Option<String>,
    /// The error that ended the response.
    error: Option<ResponseError>,
    /// The sources that the answer cites.
    #[property(item(display = "citation"))]
    citations: Vec<Citation>,
    /// The summary of the model's reasoning.
    #[property(display = "reasoning")]
    reasoning_summary: Option<String>,
    /// The generated images.
    files: Vec<FileEntry>,
    /// The calls of the provider's tools, as the provider sent them.
    tool_calls: Vec<Value>,
    /// The calls that wait for approval.
    approval_requests: Vec<Value>,
    /// The calls of functions that wait for a result.
    function_calls: Vec<Value>,
    /// The model that answered.
    model: Option<String>,
    /// The ID of the previous response.
    #[property(label = "Previous Response ID")]
    previous_response_id: Option<String>,
    /// The ID of the conversation that the response belongs to.
    conversation: Option<String>,
    /// The key-value pairs that are stored with the response.
    metadata: Option<Value>,
    /// The time at which the response was created, in seconds since 1970.
    #[property(display = "unix-time")]
    created_at: Option<u64>,
    /// The time at which the response was completed, in seconds since 1970.
    #[property(display = "unix-time")]
    completed_at: Option<u64>,
}

/// An error.
#[derive(Serialize, Properties)]
#[property(output)]
struct ResponseError {
    /// The provider's error code.
    code: String,
    /// What went wrong.
    message: String,
}

impl StoredResponse {
    /// The outcome of an action that received this response.
    pub fn outcome(reply: &Reply, response: &Response) -> Result<Outcome<Self>> {
        let (tool_calls, files) = reply.tool_calls()?;
        let member = |name: &str| reply.member(name);
        let string = |value: &Value| value.as_str().map(str::to_owned);
        let time = |name: &str| {
            let time = member(name).and_then(Value::as_f64).filter(|time| *time >= 0.0);
            time.map(|time| time as u64)
        };
        let calls = reply.items().iter().filter(|item| at(item, "type") == "function_call");
        let error = member("error").filter(|error| error.is_object()).map(|error| ResponseError {
            code: text(at(error, "code")).to_owned(),
            message: text(at(error, "message")).to_owned(),
        });
        let stored = Self {
            id: reply.id().unwrap_or_default(),
            status: reply.status().to_owned(),
            text: reply.text(),
            refusal: reply.refusal(),
            incomplete_reason: reply.incomplete_reason(),
            error,
            citations: reply.citations(),
            reasoning_summary: Some(reply.reasoning().join("\n\n")).filter(|it| !it.is_empty()),
            files,
            tool_calls,
            approval_requests: reply.approval_requests(),
            function_calls: calls.cloned().collect(),
            model: reply.model(),
            previous_response_id: member("previous_response_id").and_then(string),
            conversation: member("conversation").and_then(|it| string(at(it, "id"))),
            metadata: member("metadata").filter(|pairs| **pairs != json!({})).cloned(),
            created_at: time("created_at"),
            completed_at: time("completed_at"),
        };
        let mut usage = Usage::default();
        usage.add(&reply.usage());
        let metadata = json!({
            "model": stored.model,
            "usage": Some(usage).filter(|usage| !usage.is_empty()),
            "requestId": response.request_id(),
        });
        Outcome::new(stored).with_metadata(&metadata)
    }
}
