//! `POST /chat/completions`.

mod answer;
mod attachments;
mod messages;
mod request;
mod rules;
mod stream;
mod table;

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::call::Call;
use crate::chat::answer::Completion;
use crate::chat::request::Request;
use crate::error::ApiError;
use crate::pace;
use crate::server::Shared;

/// Answers a chat.
pub(crate) async fn completions(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Response, ApiError> {
    let body = call.json()?;
    let request = Request::parse(body)?;
    rules::check(&request)?;
    let completion = Completion::new(&request, body);
    if request.stream {
        return Ok(pace::events(stream::events(&completion, &request), shared.chunk_pause));
    }
    Ok(Json(completion.plain()).into_response())
}
