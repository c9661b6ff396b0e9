//! `POST /audio/speech`.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;

use crate::audio;
use crate::call::Call;
use crate::error::ApiError;
use crate::models;
use crate::models::Family;
use crate::pace;
use crate::server::Shared;

/// The number of bytes sent at a time.
const CHUNK: usize = 4096;

/// A request for speech.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
struct Request {
    model: String,
    input: String,
    voice: Voice,
    instructions: Option<String>,
    response_format: Option<String>,
    speed: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
#[allow(dead_code, reason = "all voices sound alike")]
enum Voice {
    Name(String),
    Own { id: String },
}

/// Generates speech.
pub(crate) async fn speech(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Response, ApiError> {
    let request = Request::deserialize(call.json()?)?;
    models::check(&request.model, Family::Speech)?;
    if request.model.starts_with("tts-1") && request.instructions.is_some() {
        let message =
            format!("The 'instructions' parameter is not supported by '{}'.", request.model);
        return Err(ApiError::at("instructions", message));
    }
    let format = request.response_format.as_deref().unwrap_or("mp3");
    let (media_type, spoken) = audio::speak(&request.input, request.speed.unwrap_or(1.0), format);
    shared.spoke(&spoken, &request.input);
    let chunks = spoken.chunks(CHUNK).map(Bytes::copy_from_slice).collect();
    let body = pace::chunks(chunks, shared.chunk_pause);
    Ok(([(header::CONTENT_TYPE, media_type)], body).into_response())
}
