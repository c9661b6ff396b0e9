//! `POST /images/generations`.

mod answer;
mod rules;

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;

use crate::call::Call;
use crate::error::ApiError;
use crate::fields;
use crate::fields::Field;
use crate::fields::Rule;
use crate::pace;
use crate::picture;
use crate::server::Shared;

const FIELDS: &[Field] = &[
    Field::required("prompt", Rule::NON_EMPTY),
    Field::nullable("model", Rule::TEXT),
    Field::nullable("n", Rule::Integer { min: 1, max: 10 }),
    Field::nullable("size", Rule::TEXT),
    Field::nullable("quality", Rule::Choice(&["standard", "hd", "low", "medium", "high", "auto"])),
    Field::nullable("background", Rule::Choice(&["transparent", "opaque", "auto"])),
    Field::nullable("output_format", Rule::Choice(&["png", "jpeg", "webp"])),
    Field::nullable("output_compression", Rule::Integer { min: 0, max: 100 }),
    Field::nullable("moderation", Rule::Choice(&["low", "auto"])),
    Field::nullable("response_format", Rule::Choice(&["url", "b64_json"])),
    Field::nullable("style", Rule::Choice(&["vivid", "natural"])),
    Field::nullable("stream", Rule::Boolean),
    Field::nullable("partial_images", Rule::Integer { min: 0, max: 3 }),
    Field::optional("user", Rule::TEXT),
];

/// The parts of a request that shape its answer.
#[derive(Debug, Deserialize)]
struct Request {
    prompt: String,
    model: Option<String>,
    n: Option<usize>,
    size: Option<String>,
    quality: Option<String>,
    background: Option<String>,
    output_format: Option<String>,
    output_compression: Option<u64>,
    response_format: Option<String>,
    stream: Option<bool>,
    partial_images: Option<u32>,
}

/// Draws pictures.
pub(crate) async fn generations(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Response, ApiError> {
    let body = fields::check_body(call.json()?, FIELDS)?;
    let request =
        Request::deserialize(call.json()?).map_err(|error| ApiError::invalid(error.to_string()))?;
    rules::check(&request, body)?;
    if request.stream.unwrap_or(false) {
        return Ok(pace::events(request.events()?, shared.chunk_pause));
    }
    let answer = if request.has_urls() { request.dall_e(&shared)? } else { request.gpt_image()? };
    Ok(Json(answer).into_response())
}

impl Request {
    /// The model asked for. The default is the one the API documents.
    fn model(&self) -> &str {
        self.model.as_deref().unwrap_or("dall-e-2")
    }

    fn is_dall_e(&self) -> bool {
        self.model().starts_with("dall-e")
    }

    /// Whether the answer can hold URLs: only models that take
    /// `response_format` leave the choice.
    fn has_urls(&self) -> bool {
        self.is_dall_e() || self.response_format.is_some()
    }

    fn output_format(&self) -> &str {
        self.output_format.as_deref().unwrap_or("png")
    }

    fn size(&self) -> (u32, u32) {
        self.size.as_deref().and_then(rules::parse_size).unwrap_or((1024, 1024))
    }

    fn quality(&self) -> &str {
        self.quality.as_deref().filter(|quality| *quality != "auto").unwrap_or("medium")
    }

    fn background(&self) -> &str {
        self.background.as_deref().filter(|background| *background != "auto").unwrap_or("opaque")
    }

    fn seeds(&self) -> impl Iterator<Item = u64> {
        (0..self.n.unwrap_or(1)).map(|index| picture::seed(&self.prompt, index))
    }
}
