//! `POST /audio/speech`.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use crate::audio;
use crate::audio::Format;
use crate::call::Call;
use crate::error::ApiError;
use crate::fields;
use crate::fields::Field;
use crate::fields::Rule;
use crate::models;
use crate::models::Family;
use crate::pace;
use crate::server::Shared;
use crate::tokens;

const FIELDS: &[Field] = &[
    Field::required("model", Rule::TEXT),
    Field::required("input", Rule::Text { min: 1, max: 4096 }),
    Field::required(
        "voice",
        Rule::Either(&[Rule::NON_EMPTY, Rule::Object(&[Field::required("id", Rule::NON_EMPTY)])]),
    ),
    Field::optional("instructions", Rule::Text { min: 0, max: 4096 }),
    Field::optional("response_format", Rule::Choice(Format::NAMES)),
    Field::optional("speed", Rule::Number { min: 0.25, max: 4.0 }),
    Field::optional("stream_format", Rule::Choice(&["audio", "sse"])),
];

/// How much audio is sent at a time.
const CHUNK: usize = 4096;

/// The parts of a request that shape its answer.
#[derive(Debug, Deserialize)]
struct Request {
    model: String,
    input: String,
    instructions: Option<String>,
    response_format: Option<String>,
    speed: Option<f64>,
    stream_format: Option<String>,
}

/// Speaks.
pub(crate) async fn speech(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Response, ApiError> {
    fields::check_body(call.json()?, FIELDS)?;
    let request =
        Request::deserialize(call.json()?).map_err(|error| ApiError::invalid(error.to_string()))?;
    check(&request)?;

    let format = Format::from_name(request.response_format.as_deref().unwrap_or("mp3"));
    let spoken = audio::speak(&request.input, request.speed.unwrap_or(1.0), format);
    shared.spoke(&spoken, &request.input);
    if request.streams_events() {
        return Ok(pace::events(events(&request, &spoken), shared.chunk_pause));
    }
    let chunks = spoken.chunks(CHUNK).map(Bytes::copy_from_slice).collect();
    let body = pace::chunks(chunks, shared.chunk_pause);
    Ok(([(header::CONTENT_TYPE, format.content_type())], body).into_response())
}

fn check(request: &Request) -> Result<(), ApiError> {
    models::check(&request.model, Family::Speech, "v1/audio/speech")?;
    if !request.model.starts_with("tts-1") {
        return Ok(());
    }
    if request.instructions.is_some() {
        return Err(ApiError::unsupported(
            "instructions",
            format!("The 'instructions' parameter is not supported by '{}'.", request.model),
        ));
    }
    if request.streams_events() {
        return Err(ApiError::unsupported_value(
            "stream_format",
            format!("The 'sse' stream format is not supported by '{}'.", request.model),
        ));
    }
    Ok(())
}

impl Request {
    fn streams_events(&self) -> bool {
        self.stream_format.as_deref() == Some("sse")
    }
}

fn events(request: &Request, spoken: &[u8]) -> Vec<String> {
    let input = tokens::count(&request.input);
    let chunks = spoken.chunks(CHUNK);
    // Sound costs by its chunk, for want of a better rule.
    let output = chunks.len() as u64;
    let done = json!({
        "type": "speech.audio.done",
        "usage": {
            "input_tokens": input, "output_tokens": output, "total_tokens": input + output,
        },
    });
    chunks
        .map(|chunk| json!({"type": "speech.audio.delta", "audio": STANDARD.encode(chunk)}))
        .chain([done])
        .map(|event| pace::data(&event))
        .collect()
}
