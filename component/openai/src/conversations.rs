//! Conversations, which the Responses API stores.

mod create_conversation;
mod delete_conversation;
mod get_conversation;
#[cfg(test)]
mod tests;
mod update_conversation;

use std::collections::BTreeMap;

use connector_sdk::http::Request;
use connector_sdk::{Failure, Outcome, Properties, Result, errors};
use serde::Serialize;
use serde_json::{Value, json};
use serde_with::skip_serializing_none;

pub use self::create_conversation::CreateConversation;
pub use self::delete_conversation::DeleteConversation;
pub use self::get_conversation::GetConversation;
pub use self::update_conversation::UpdateConversation;
use crate::ids;
use crate::lenient::{at, text};
use crate::responses::failure;

#[skip_serializing_none]
#[derive(Serialize, Properties)]
#[property(output)]
pub struct Conversation {
    /// The ID, for Ask's property Conversation ID.
    id: String,
    /// The key-value pairs that are stored with the conversation.
    metadata: Value,
    /// The time at which the conversation was created, in seconds since 1970.
    #[property(display = "unix-time")]
    created: Option<u64>,
}

/// The path of a conversation.
fn path(id: &str) -> Result<String> {
    ids::path("/conversations", "conversationId", id, "conv_abc123")
}

/// Sends a request whose response is a conversation.
fn send(request: Request) -> Result<Outcome<Conversation>> {
    let response = request.errors(&failure).send()?;
    let answer: Value = response.json()?;
    let id = text(at(&answer, "id"));
    if id.is_empty() {
        let message = "the provider returned no conversation";
        let failure: Failure = errors::instead(message, &answer.to_string());
        return Err(failure.answered_by(&response));
    }
    let metadata = at(&answer, "metadata");
    let conversation = Conversation {
        id: id.to_owned(),
        metadata: if metadata.is_object() { metadata.clone() } else { json!({}) },
        created: at(&answer, "created_at").as_f64().filter(|time| *time >= 0.0).map(|it| it as u64),
    };
    Outcome::new(conversation).with_metadata(&json!({ "requestId": response.request_id() }))
}

/// The maximum number of characters in a key of `metadata`.
const MAX_KEY: usize = 64;

/// Checks what a table cannot express about `metadata`.
fn check_keys(metadata: &BTreeMap<String, String>) -> Result<()> {
    match metadata.keys().find(|key| key.chars().count() > MAX_KEY) {
        None => Ok(()),
        Some(key) => {
            let message =
                format!("a key of `metadata` must be at most {MAX_KEY} characters long: `{key}`");
            Err(Failure::invalid_input("metadata", message))
        }
    }
}
