//! `/responses`.

mod answer;
mod input;
mod request;
mod rules;
pub(crate) mod store;
mod stream;

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use crate::call::Call;
use crate::error::ApiError;
use crate::pace;
use crate::responses::request::Request;
use crate::responses::request::Tool;
use crate::server::Shared;

/// The additional data that responses can include.
const INCLUDED: &[&str] = &[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
];

/// `POST /responses`.
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Response, ApiError> {
    let body = call.json()?;
    let request = Request::deserialize(body)?;
    let input = input::read(&request.input)?;
    let (previous, conversation) =
        (request.previous_response_id.as_deref(), request.conversation.as_deref());
    if let Some(id) = previous {
        rules::has_prefix(id, "resp", "previous_response_id")?;
    }
    if let Some(id) = conversation {
        rules::has_prefix(id, "conv", "conversation")?;
    }
    let known_calls = shared.store.known_calls(previous, conversation)?;
    rules::check(&request, &input, &known_calls)?;
    let mut response = answer::response(&request, &input, body)?;
    shared.store.keep(&response);
    if request.background {
        store::reset_to(&mut response, "queued");
    } else if request.stream {
        let events = stream::events(&response, previews(&request));
        return Ok(pace::events(events, shared.chunk_pause));
    }
    Ok(Json(response).into_response())
}

/// The number of previews of each image.
fn previews(request: &Request) -> usize {
    let previews = request.tools.iter().filter_map(|tool| match tool {
        Tool::ImageGeneration(tool) => tool.partial_images,
        _ => None,
    });
    previews.sum()
}

/// `GET /responses/{response_id}`.
pub(crate) async fn get(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    for (name, value) in &query {
        if name != "include[]" || !INCLUDED.contains(&value.as_str()) {
            return Err(ApiError::at("include", format!("Invalid parameter: '{name}={value}'.")));
        }
    }
    shared.store.fetch(&id).map(Json)
}

/// `POST /responses/{response_id}/cancel`.
pub(crate) async fn cancel(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    shared.store.cancel(&id).map(Json)
}

/// `DELETE /responses/{response_id}`.
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    shared.store.delete(&id).map(Json)
}
