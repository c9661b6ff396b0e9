//! Conversations, which the Responses API stores.

mod create_conversation;
mod delete_conversation;
mod get_conversation;
#[cfg(test)]
mod tests;
mod update_conversation;

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
#[serde(rename_all = "camelCase")]
#[property(output)]
pub struct Conversation {
    /// The ID, for Ask's property Conversation ID.
    id: String,
    /// The key-value pairs that are stored with the conversation.
    metadata: Value,
    /// The time at which the conversation was created, in seconds since 1970.
    #[property(display = "unix-time")]
    created_at: Option<u64>,
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
        created_at: at(&answer, "created_at")
            .as_f64()
            .filter(|time| *time >= 0.0)
            .map(|it| it as u64),
    };
    Outcome::new(conversation).with_metadata(&json!({ "requestId": response.request_id() }))
}
