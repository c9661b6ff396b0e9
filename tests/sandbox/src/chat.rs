//! `POST /chat/completions`.

mod answer;
pub(crate) mod messages;
mod request;
mod rules;
mod stream;

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;

use crate::call::Call;
use crate::chat::answer::Completion;
use crate::chat::request::Request;
use crate::error::ApiError;
use crate::pace;
use crate::server::Shared;

/// Handles a chat completion request.
pub(crate) async fn completions(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Response, ApiError> {
    let body = call.json()?;
    let request = Request::deserialize(body)?;
    rules::check(&request)?;
    let completion = Completion::new(&request, body);
    if request.stream {
        let with_usage = request.stream_options.is_some_and(|options| options.include_usage);
        return Ok(pace::events(stream::events(&completion, with_usage), shared.chunk_pause));
    }
    Ok(Json(completion.plain()).into_response())
}
