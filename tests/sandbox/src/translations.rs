//! `POST /audio/translations`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use crate::audio;
use crate::call::Call;
use crate::error::ApiError;
use crate::models;
use crate::models::Family;
use crate::server::Shared;
use crate::transcriptions::Form;
use crate::transcriptions::answer::Transcript;

/// The fields that the API accepts.
const FIELDS: &[&str] = &["file", "model", "prompt", "response_format", "temperature"];

/// The formats of a translation.
const FORMATS: &[&str] = &["json", "text", "srt", "verbose_json", "vtt"];

/// Translates an audio file into English text.
pub(crate) async fn translations(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Response, ApiError> {
    let form = Form(call.form()?);
    let file = form.file()?;
    check(&form)?;
    let (seconds, spoken) = (audio::seconds(&file.bytes), shared.spoken(&file.bytes));
    Ok(Transcript::translation(&form, seconds, spoken).answer(shared.chunk_pause))
}

/// Checks the fields, and rules that the API documents only in prose.
fn check(form: &Form) -> Result<(), ApiError> {
    form.check_names(FIELDS)?;
    let model = form.text("model").unwrap_or_default();
    models::check(model, Family::Transcription)?;
    // Of the API's models that transcribe, only one translates.
    if model.starts_with("gpt-") {
        let message = format!("The model '{model}' does not support translation.");
        return Err(ApiError::at("model", message));
    }
    if !FORMATS.contains(&form.format()) {
        let message = format!("response_format '{}' is not supported.", form.format());
        return Err(ApiError::at("response_format", message));
    }
    let temperature = form.text("temperature").map_or(Ok(0.0), str::parse::<f64>);
    if !temperature.is_ok_and(|temperature| (0.0..=1.0).contains(&temperature)) {
        let message = "'temperature' must be a number between 0 and 1.";
        return Err(ApiError::at("temperature", message));
    }
    Ok(())
}
