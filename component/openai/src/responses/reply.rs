//! A response, which may be incomplete.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connector_sdk::{Failure, FailureKind, FileEntry, Result, errors, files};
use serde_json::{Map, Value, json};

use crate::citations::Citation;
use crate::lenient::{at, items, text};

/// A response.
#[derive(Debug)]
pub struct Reply(Value);

/// The codes of errors that the request did not cause.
const TEMPORARY: &[&str] = &["rate_limit_exceeded", "server_error", "vector_store_timeout"];

/// Calls of functions and other tools that the provider does not run.
const OTHER_CALLS: &[&str] = &["function_call", "custom_tool_call"];

impl Reply {
    /// Reads a response. It has a list of items, unless there are none yet.
    pub fn of(response: Value) -> Result<Self> {
        let has_items = at(&response, "output").is_array();
        let reply = Self(response);
        if has_items || reply.is_running() {
            return Ok(reply);
        }
        Err(errors::instead("the provider returned no answer", &reply.0.to_string()))
    }

    fn text_of(&self, path: &str) -> Option<String> {
        let text = text(at(&self.0, path));
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The ID under which it is stored.
    pub fn id(&self) -> Option<String> {
        self.text_of("id")
    }

    /// The model that answered.
    pub fn model(&self) -> Option<String> {
        self.text_of("model")
    }

    /// `queued`, `in_progress`, `completed`, `incomplete`, `failed` or `cancelled`.
    /// Empty if unknown.
    pub fn status(&self) -> &str {
        text(at(&self.0, "status"))
    }

    /// Whether the provider is still working on it.
    pub fn is_running(&self) -> bool {
        matches!(self.status(), "queued" | "in_progress")
    }

    /// Why the response is incomplete, such as `max_output_tokens`.
    pub fn incomplete_reason(&self) -> Option<String> {
        self.text_of("incomplete_details.reason")
    }

    /// A member that is returned as the provider sent it.
    pub fn member(&self, name: &str) -> Option<&Value> {
        Some(at(&self.0, name)).filter(|value| !value.is_null())
    }

    /// The items: messages, reasoning and calls.
    pub fn items(&self) -> &[Value] {
        items(at(&self.0, "output"))
    }

    fn items_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.items().iter().filter(move |item| at(item, "type") == kind)
    }

    /// The parts of the answer. A model may comment on its work before it answers;
    /// if it marks the final answer, the rest is left out.
    fn parts(&self) -> impl Iterator<Item = &Value> {
        let is_final = |message: &Value| at(message, "phase") == "final_answer";
        let has_final = self.items_of("message").any(is_final);
        let messages = self.items_of("message").filter(move |one| !has_final || is_final(one));
        messages.flat_map(|message| items(at(message, "content")))
    }

    /// The text of the answer, if there is any.
    pub fn text(&self) -> Option<String> {
        let parts = self.parts().filter(|part| at(part, "type") == "output_text");
        let texts: Vec<_> = parts.filter_map(|part| at(part, "text").as_str()).collect();
        (!texts.is_empty()).then(|| texts.concat())
    }

    /// Why the model declined to answer.
    pub fn refusal(&self) -> Option<String> {
        let refusals: Vec<_> = self.parts().map(|part| text(at(part, "refusal"))).collect();
        Some(refusals.concat()).filter(|refusal| !refusal.is_empty())
    }

    /// The sources that the answer cites.
    pub fn citations(&self) -> Vec<Citation> {
        let annotations = self.parts().flat_map(|part| items(at(part, "annotations")));
        annotations.filter_map(Citation::of).collect()
    }

    /// The log probabilities, in the format of Chat Completions, or null.
    pub fn logprobs(&self) -> Value {
        let tokens = self.parts().flat_map(|part| items(at(part, "logprobs")));
        let tokens: Vec<_> = tokens.cloned().collect();
        if tokens.is_empty() {
            return Value::Null;
        }
        json!({ "content": tokens, "refusal": null })
    }

    /// The summaries of the model's reasoning.
    pub fn reasoning(&self) -> Vec<String> {
        let parts = self.items_of("reasoning").flat_map(|item| items(at(item, "summary")));
        let texts = parts.map(|part| text(at(part, "text")));
        texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
    }

    /// The calls that wait for approval.
    pub fn approval_requests(&self) -> Vec<Value> {
        self.items_of("mcp_approval_request").cloned().collect()
    }

    /// The calls of the provider's tools as it sent them, except that an image has
    /// its file as `file` in place of `result`; and the files.
    pub fn tool_calls(&self) -> Result<(Vec<Value>, Vec<FileEntry>)> {
        let is_call = |item: &&Value| {
            let kind = text(at(item, "type"));
            kind.ends_with("_call") && !OTHER_CALLS.contains(&kind)
        };
        let (mut calls, mut files) = (Vec::new(), Vec::new());
        for item in self.items().iter().filter(is_call) {
            let mut call = item.clone();
            if at(item, "type") == "image_generation_call"
                && let Some(members) = call.as_object_mut()
            {
                members.shift_remove("result");
                if let Some(file) = image(at(item, "result"))? {
                    members.insert("file".to_owned(), json!(file));
                    files.push(file);
                }
            }
            calls.push(call);
        }
        Ok((calls, files))
    }

    /// The error that ended the response.
    pub fn error(&self) -> Option<Failure> {
        let error = self.member("error").filter(|error| error.is_object())?;
        let mut failure = errors::inside(&json!({ "error": error }).to_string());
        // Without an HTTP status, an unknown code counts as the provider's fault.
        let is_unknown = failure.kind == FailureKind::Unavailable;
        if is_unknown && !TEMPORARY.contains(&text(at(error, "code"))) {
            failure.kind = FailureKind::Refused;
        }
        Some(failure)
    }

    /// The token counts, in the format of Chat Completions.
    pub fn usage(&self) -> Value {
        let renamed = |(name, count): (&String, &Value)| {
            let name = name.replace("input_", "prompt_").replace("output_", "completion_");
            (name, count.clone())
        };
        let counts = at(&self.0, "usage").as_object();
        counts
            .map_or(Value::Null, |counts| counts.iter().map(renamed).collect::<Map<_, _>>().into())
    }

    /// The items without the rest of the response.
    pub fn into_items(mut self) -> Value {
        self.0.get_mut("output").map(Value::take).unwrap_or_default()
    }
}

/// The file of a generated image. If the host has not already stored the image, it is
/// stored now.
fn image(result: &Value) -> Result<Option<FileEntry>> {
    match result {
        Value::String(base64) => store("image.png", base64),
        stored => Ok(serde_json::from_value(at(stored, "file").clone()).ok()),
    }
}

/// Stores an image. `None` if it is not base64.
pub fn store(name: &str, base64: &str) -> Result<Option<FileEntry>> {
    match STANDARD.decode(base64) {
        Ok(bytes) if !bytes.is_empty() => files::create(name, "image/png", &bytes).map(Some),
        _ => Ok(None),
    }
}
