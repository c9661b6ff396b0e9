//! `/conversations`.

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;

use crate::call::Call;
use crate::digest;
use crate::error::ApiError;
use crate::responses::store::Conversation;
use crate::server::Shared;

/// A request for a conversation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "items are only checked for their type")]
struct New {
    items: Option<Vec<Message>>,
    metadata: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only checked for their types")]
struct Message {
    role: String,
    content: String,
}

/// A change to a conversation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    metadata: Map<String, Value>,
}

/// `POST /conversations`. The same body always gets the same conversation.
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Json<Value>, ApiError> {
    let body = call.json()?;
    let new = New::deserialize(body)?;
    let metadata = new.metadata.unwrap_or_default();
    check(&metadata)?;
    let id = format!("conv_sandbox{:016x}", digest(body.to_string().as_bytes()));
    let conversation = Conversation::new(id, metadata.into());
    let view = conversation.view();
    shared.store.add_conversation(conversation);
    Ok(Json(view))
}

/// `GET /conversations/{conversation_id}`.
pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    shared.store.conversation(&id, |conversation| conversation.view()).map(Json)
}

/// `POST /conversations/{conversation_id}`.
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Json<Value>, ApiError> {
    let change = Change::deserialize(call.json()?)?;
    check(&change.metadata)?;
    let update = |conversation: &mut Conversation| {
        conversation.metadata = change.metadata.into();
        conversation.view()
    };
    shared.store.conversation(&id, update).map(Json)
}

/// `DELETE /conversations/{conversation_id}`.
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    shared.store.delete_conversation(&id).map(Json)
}

/// The limits of key-value pairs, which are documented only in prose.
fn check(metadata: &Map<String, Value>) -> Result<(), ApiError> {
    let is_long = |text: &str, max| text.chars().count() > max;
    let is_wrong = |(key, value): (&String, &Value)| {
        is_long(key, 64) || value.as_str().is_none_or(|value| is_long(value, 512))
    };
    if metadata.len() > 16 || metadata.iter().any(is_wrong) {
        let message = "'metadata' may have up to 16 pairs, with keys of up to 64 characters and \
                       strings of up to 512.";
        return Err(ApiError::at("metadata", message));
    }
    Ok(())
}
