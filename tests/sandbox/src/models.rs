//! The models: `GET /models`, and which endpoint a model belongs to.

use axum::Json;
use serde_json::Value;
use serde_json::json;

use crate::error::ApiError;

/// The creation time of everything in the sandbox.
pub(crate) const CREATED: i64 = 1_767_225_600;

/// The endpoint that a model belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Chat,
    Image,
    Speech,
    Transcription,
    Embedding,
    Moderation,
}

/// The models in the list.
const MODELS: &[(&str, Family)] = &[
    ("gpt-5.6-sol", Family::Chat),
    ("gpt-5.5", Family::Chat),
    ("gpt-5.4", Family::Chat),
    ("gpt-5.4-mini", Family::Chat),
    ("gpt-5.4-nano", Family::Chat),
    ("gpt-4.1", Family::Chat),
    ("gpt-4.1-mini", Family::Chat),
    ("gpt-4o", Family::Chat),
    ("gpt-4o-mini", Family::Chat),
    ("gpt-3.5-turbo", Family::Chat),
    ("o1", Family::Chat),
    ("o3", Family::Chat),
    ("o4-mini", Family::Chat),
    ("gpt-image-2", Family::Image),
    ("gpt-image-2-2026-04-21", Family::Image),
    ("gpt-image-1.5", Family::Image),
    ("gpt-image-1", Family::Image),
    ("gpt-image-1-mini", Family::Image),
    ("chatgpt-image-latest", Family::Image),
    ("dall-e-3", Family::Image),
    ("dall-e-2", Family::Image),
    ("gpt-4o-mini-tts", Family::Speech),
    ("gpt-4o-mini-tts-2025-12-15", Family::Speech),
    ("tts-1", Family::Speech),
    ("tts-1-hd", Family::Speech),
    ("gpt-transcribe", Family::Transcription),
    ("gpt-4o-transcribe", Family::Transcription),
    ("gpt-4o-transcribe-diarize", Family::Transcription),
    ("gpt-4o-mini-transcribe", Family::Transcription),
    ("gpt-4o-mini-transcribe-2025-12-15", Family::Transcription),
    ("whisper-1", Family::Transcription),
    ("text-embedding-3-small", Family::Embedding),
    ("text-embedding-3-large", Family::Embedding),
    ("text-embedding-ada-002", Family::Embedding),
    ("omni-moderation-latest", Family::Moderation),
    ("omni-moderation-2024-09-26", Family::Moderation),
    ("text-moderation-latest", Family::Moderation),
    ("text-moderation-stable", Family::Moderation),
];

/// `GET /models`.
pub(crate) async fn list() -> Json<Value> {
    let data: Vec<Value> = MODELS.iter().map(|(id, _)| model(id)).collect();
    Json(json!({"object": "list", "data": data}))
}

/// Rejects a missing model, or one that belongs to another endpoint. Any other
/// name is accepted, because model names are free text.
pub(crate) fn check(id: &str, family: Family) -> Result<(), ApiError> {
    if id.is_empty() {
        return Err(ApiError::at("model", "you must provide a model parameter"));
    }
    match MODELS.iter().find(|(known, _)| *known == id) {
        Some((_, known)) if *known != family => {
            let message = format!("The model '{id}' is not supported in this endpoint.");
            Err(ApiError::at("model", message))
        }
        _ => Ok(()),
    }
}

fn model(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": CREATED, "owned_by": "openai-sandbox"})
}
