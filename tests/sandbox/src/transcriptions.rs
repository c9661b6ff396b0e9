//! `POST /audio/transcriptions`.

pub(crate) mod answer;

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use crate::audio;
use crate::call::Call;
use crate::error::ApiError;
use crate::models;
use crate::models::Family;
use crate::record::Part;
use crate::server::Shared;
use crate::transcriptions::answer::Transcript;

/// The fields that exist.
const FIELDS: &[&str] = &[
    "file",
    "model",
    "language",
    "languages[]",
    "keywords[]",
    "prompt",
    "response_format",
    "temperature",
    "timestamp_granularities[]",
    "include[]",
    "stream",
    "chunking_strategy",
    "chunking_strategy[type]",
    "chunking_strategy[prefix_padding_ms]",
    "chunking_strategy[silence_duration_ms]",
    "chunking_strategy[threshold]",
    "known_speaker_names[]",
    "known_speaker_references[]",
];

/// The maximum length of audio, in seconds, that a diarization model accepts
/// without `chunking_strategy`.
const MAX_UNSPLIT: f64 = 30.0;

/// A kind of model with its own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Whisper,
    /// `gpt-4o-transcribe` and its smaller variant.
    Gpt4o,
    Diarize,
    /// `gpt-transcribe`.
    Gpt,
    /// An unknown model: only the rules for all models are checked.
    Unknown,
}

impl Kind {
    fn of(model: &str) -> Kind {
        if model.starts_with("whisper") {
            Kind::Whisper
        } else if model.starts_with("gpt-4o-transcribe-diarize") {
            Kind::Diarize
        } else if model.starts_with("gpt-4o") {
            Kind::Gpt4o
        } else if model.starts_with("gpt-transcribe") {
            Kind::Gpt
        } else {
            Kind::Unknown
        }
    }

    fn formats(self) -> &'static [&'static str] {
        match self {
            Kind::Whisper => &["json", "text", "srt", "verbose_json", "vtt"],
            Kind::Gpt4o | Kind::Gpt => &["json"],
            Kind::Diarize => &["json", "text", "diarized_json"],
            Kind::Unknown => &["json", "text", "srt", "verbose_json", "vtt", "diarized_json"],
        }
    }
}

/// Fields that only some models support.
const ONLY_WITH: &[(&str, &[Kind])] = &[
    ("languages[]", &[Kind::Gpt]),
    ("keywords[]", &[Kind::Gpt]),
    ("prompt", &[Kind::Whisper, Kind::Gpt4o, Kind::Gpt]),
    ("include[]", &[Kind::Gpt4o]),
    ("timestamp_granularities[]", &[Kind::Whisper, Kind::Gpt4o, Kind::Gpt]),
    ("known_speaker_names[]", &[Kind::Diarize]),
    ("known_speaker_references[]", &[Kind::Diarize]),
];

/// Transcribes an audio file.
pub(crate) async fn transcriptions(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Response, ApiError> {
    let form = Form(call.form()?);
    let kind = Kind::of(form.text("model").unwrap_or_default());
    let file = form.file()?;
    let seconds = audio::seconds(&file.bytes);
    check(&form, kind, seconds)?;
    let spoken = shared.spoken(&file.bytes);
    Ok(Transcript::new(&form, kind, seconds, spoken).answer(shared.chunk_pause))
}

/// The parts of a form by their names.
pub(crate) struct Form<'a>(pub(crate) &'a [Part]);

impl<'a> Form<'a> {
    pub(crate) fn file(&self) -> Result<&'a Part, ApiError> {
        let file = self.0.iter().find(|part| part.name == "file" && part.filename.is_some());
        file.ok_or_else(|| ApiError::at("file", "Missing required parameter: 'file'."))
    }

    fn texts(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |part| part.name == name).filter_map(Part::text)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.texts(name).next()
    }

    pub(crate) fn format(&self) -> &'a str {
        self.text("response_format").unwrap_or("json")
    }

    /// Rejects fields that do not exist, and repeated ones that are not lists.
    pub(crate) fn check_names(&self, fields: &[&str]) -> Result<(), ApiError> {
        for (index, part) in self.0.iter().enumerate() {
            let name = part.name.as_str();
            let is_again = self.0.iter().take(index).any(|earlier| earlier.name == name);
            if !fields.contains(&name) || (is_again && !name.ends_with("[]")) {
                let message = format!("Unrecognized request argument supplied: {name}");
                return Err(ApiError::invalid(message));
            }
        }
        Ok(())
    }
}

/// Checks the fields, and rules that the API documents only in prose.
fn check(form: &Form, kind: Kind, seconds: f64) -> Result<(), ApiError> {
    form.check_names(FIELDS)?;
    let model = form.text("model").unwrap_or_default();
    models::check(model, Family::Transcription)?;
    for (name, kinds) in ONLY_WITH {
        if form.text(name).is_some() && kind != Kind::Unknown && !kinds.contains(&kind) {
            let message = format!("The '{name}' parameter is not supported by '{model}'.");
            return Err(ApiError::at(name, message));
        }
    }
    let format = form.format();
    if !kind.formats().contains(&format) {
        let message = format!("response_format '{format}' is not compatible with model '{model}'.");
        return Err(ApiError::at("response_format", message));
    }
    for (name, needed) in [("timestamp_granularities[]", "verbose_json"), ("include[]", "json")] {
        if form.text(name).is_some() && format != needed {
            let message =
                format!("The '{name}' parameter is only allowed with response_format '{needed}'.");
            return Err(ApiError::at(name, message));
        }
    }
    let speakers = form.texts("known_speaker_names[]").count();
    if speakers != form.texts("known_speaker_references[]").count() {
        let message = "known_speaker_names and known_speaker_references must have the same length.";
        return Err(ApiError::at("known_speaker_references[]", message));
    }
    let is_cut = ["chunking_strategy", "chunking_strategy[type]"]
        .into_iter()
        .any(|name| form.text(name).is_some());
    if kind == Kind::Diarize && seconds > MAX_UNSPLIT && !is_cut {
        let message =
            "chunking_strategy is required for diarization of audio longer than 30 seconds.";
        return Err(ApiError::at("chunking_strategy", message));
    }
    Ok(())
}
