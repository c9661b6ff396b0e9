//! Stored responses and conversations.
//!
//! Some always exist: those that tests know by their IDs, and those in the
//! examples of the connector's actions.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::Mutex;

use axum::http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::error::ApiError;
use crate::locked;
use crate::models::CREATED;

/// Responses that always exist, and whether they run in the background.
const RESPONSES: &[(&str, bool)] = &[
    ("resp_sandbox", false),
    ("resp_sandbox_background", true),
    ("resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b", false),
    ("resp_685c4be0f3f88191a1e4ee3d1d3c7e2b0f6a9d8c7b6a5948", true),
    ("resp_68d1f0a4c0b88190a2f4b1c3d5e7f9a1b3c5d7e9f1a3b5c7", true),
    ("resp-0b7e6c0a8d6f4b1e", true),
];

/// Conversations that always exist.
const CONVERSATIONS: &[&str] = &[
    "conv_sandbox",
    "conv_689667905b048191b4740501625afd940c7533ace33a2dab",
    "conv_6f0e2a7c3b0c8190a9b2c1d3e4f5a6b7c8d9",
    "conv_123",
];

/// The number of responses and of conversations that are kept.
const KEPT: usize = 1024;

/// The number of times that a response in the background is fetched until it is complete.
const FETCHES: usize = 2;

/// What is stored.
#[derive(Debug, Default)]
pub(crate) struct Store {
    responses: Mutex<VecDeque<Stored>>,
    conversations: Mutex<VecDeque<Conversation>>,
}

#[derive(Debug, Clone)]
struct Stored {
    /// The complete response.
    response: Value,
    /// The number of times that it was fetched.
    fetches: usize,
    is_cancelled: bool,
}

/// A conversation.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    pub(crate) metadata: Value,
    /// The IDs of the function calls in it.
    calls: HashSet<String>,
}

impl Conversation {
    pub(crate) fn new(id: String, metadata: Value) -> Conversation {
        Conversation { id, metadata, calls: HashSet::new() }
    }

    /// As the API returns it.
    pub(crate) fn view(&self) -> Value {
        json!({
            "id": self.id, "object": "conversation", "created_at": CREATED,
            "metadata": self.metadata,
        })
    }
}

impl Store {
    /// Stores a response, and adds its calls to its conversation.
    pub(crate) fn keep(&self, response: &Value) {
        if let Some(id) = response["conversation"]["id"].as_str() {
            let calls = calls(response);
            let mut conversations = locked(&self.conversations);
            if let Some(at) = place(&mut conversations, id) {
                conversations[at].calls.extend(calls);
            }
        }
        if response["store"] == true {
            let mut responses = locked(&self.responses);
            let is_other = |stored: &Stored| stored.response["id"] != response["id"];
            responses.retain(is_other);
            push(&mut responses, Stored::new(response.clone()));
        }
    }

    /// Fetches a response. One in the background makes progress.
    pub(crate) fn fetch(&self, id: &str) -> Result<Value, ApiError> {
        self.with_response(id, |stored| {
            stored.fetches += 1;
            Ok(stored.view())
        })
    }

    /// Cancels a response in the background.
    pub(crate) fn cancel(&self, id: &str) -> Result<Value, ApiError> {
        self.with_response(id, |stored| {
            if stored.response["background"] != true {
                return Err(ApiError::invalid("Cannot cancel a synchronous response."));
            }
            stored.is_cancelled |= stored.is_running();
            Ok(stored.view())
        })
    }

    pub(crate) fn delete(&self, id: &str) -> Result<Value, ApiError> {
        self.with_response(id, |_| Ok(()))?;
        locked(&self.responses).retain(|stored| stored.response["id"] != id);
        Ok(json!({"id": id, "object": "response", "deleted": true}))
    }

    /// The IDs of the function calls in what a request continues from.
    pub(crate) fn known_calls(
        &self,
        previous: Option<&str>,
        conversation: Option<&str>,
    ) -> Result<HashSet<String>, ApiError> {
        let mut known = HashSet::new();
        if let Some(id) = previous {
            let response = self.with_response(id, |stored| Ok(stored.response.clone()));
            let response = response.map_err(|_| {
                let message = format!("Previous response with id '{id}' not found.");
                ApiError::at("previous_response_id", message)
            })?;
            known.extend(calls(&response));
        }
        if let Some(id) = conversation {
            known.extend(self.conversation(id, |conversation| conversation.calls.clone())?);
        }
        Ok(known)
    }

    fn with_response<T>(
        &self,
        id: &str,
        act: impl FnOnce(&mut Stored) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut responses = locked(&self.responses);
        let known = responses.iter().position(|stored| stored.response["id"] == id);
        let at = match (known, sample(id)) {
            (Some(at), _) => at,
            (None, Some(sample)) => push(&mut responses, Stored::new(sample)),
            (None, None) => return Err(not_found("Response", id)),
        };
        let result = act(&mut responses[at]);
        // A sample that has ended starts over.
        if sample(id).is_some() && !responses[at].is_running() {
            responses.remove(at);
        }
        result
    }

    pub(crate) fn add_conversation(&self, conversation: Conversation) {
        let mut conversations = locked(&self.conversations);
        conversations.retain(|other| other.id != conversation.id);
        push(&mut conversations, conversation);
    }

    pub(crate) fn conversation<T>(
        &self,
        id: &str,
        act: impl FnOnce(&mut Conversation) -> T,
    ) -> Result<T, ApiError> {
        let mut conversations = locked(&self.conversations);
        match place(&mut conversations, id) {
            Some(at) => Ok(act(&mut conversations[at])),
            None => Err(not_found("Conversation", id)),
        }
    }

    pub(crate) fn delete_conversation(&self, id: &str) -> Result<Value, ApiError> {
        self.conversation(id, |_| ())?;
        locked(&self.conversations).retain(|conversation| conversation.id != id);
        Ok(json!({"id": id, "object": "conversation.deleted", "deleted": true}))
    }
}

impl Stored {
    fn new(response: Value) -> Stored {
        Stored { response, fetches: 0, is_cancelled: false }
    }

    fn is_running(&self) -> bool {
        self.response["background"] == true && !self.is_cancelled && self.fetches < FETCHES
    }

    /// The response in its current state.
    fn view(&self) -> Value {
        let mut response = self.response.clone();
        if self.is_cancelled {
            reset_to(&mut response, "cancelled");
        } else if self.is_running() {
            reset_to(&mut response, if self.fetches == 0 { "queued" } else { "in_progress" });
        }
        response
    }
}

/// Turns a complete response into one with this earlier status, or into a cancelled one.
pub(crate) fn reset_to(response: &mut Value, status: &str) {
    response["status"] = status.into();
    response["output"] = json!([]);
    for name in ["usage", "completed_at", "incomplete_details"] {
        response[name] = Value::Null;
    }
}

/// The index of a conversation, if there is one with this ID.
fn place(conversations: &mut VecDeque<Conversation>, id: &str) -> Option<usize> {
    let known = conversations.iter().position(|conversation| conversation.id == id);
    known.or_else(|| {
        let sample = Conversation::new(id.to_owned(), json!({"topic": "sandbox"}));
        CONVERSATIONS.contains(&id).then(|| push(conversations, sample))
    })
}

fn sample(id: &str) -> Option<Value> {
    let (_, background) = RESPONSES.iter().find(|(known, _)| *known == id)?;
    let part = json!({
        "type": "output_text", "text": "A stored answer of the sandbox.", "annotations": [],
        "logprobs": [],
    });
    let message = json!({
        "id": "msg_0", "type": "message", "role": "assistant", "status": "completed",
        "content": [part],
    });
    Some(json!({
        "id": id, "object": "response", "created_at": CREATED, "completed_at": CREATED,
        "status": "completed", "background": background, "error": null,
        "incomplete_details": null, "instructions": null, "model": "gpt-5.4",
        "output": [message], "parallel_tool_calls": true, "metadata": {}, "store": true,
        "usage": {
            "input_tokens": 3, "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 8, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 11,
        },
    }))
}

fn calls(response: &Value) -> HashSet<String> {
    let items = response["output"].as_array().into_iter().flatten();
    items.filter_map(|item| Some(item["call_id"].as_str()?.to_owned())).collect()
}

/// Adds an item at the end, and returns its index.
fn push<T>(list: &mut VecDeque<T>, item: T) -> usize {
    if list.len() >= KEPT {
        list.pop_front();
    }
    list.push_back(item);
    list.len() - 1
}

fn not_found(kind: &str, id: &str) -> ApiError {
    ApiError::invalid(format!("{kind} with id '{id}' not found.")).status(StatusCode::NOT_FOUND)
}
