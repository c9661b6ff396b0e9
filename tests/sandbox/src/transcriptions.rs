//! `POST /audio/transcriptions`.

mod answer;
mod form;
mod recording;

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use serde_json::Map;
use serde_json::Value;

use crate::call::Call;
use crate::data_url::DataUrl;
use crate::error::ApiError;
use crate::fields;
use crate::fields::Field;
use crate::fields::Path;
use crate::fields::Rule;
use crate::models;
use crate::models::Family;
use crate::record::Part;
use crate::server::Shared;
use crate::sound;
use crate::transcriptions::answer::Transcript;
use crate::transcriptions::recording::Recording;

/// The fields besides the file.
const FIELDS: &[Field] = &[
    Field::required("model", Rule::TEXT),
    Field::optional("language", LANGUAGE),
    Field::optional("languages", Rule::non_empty_list(&LANGUAGE)),
    Field::optional("keywords", Rule::list(&Rule::NON_EMPTY)),
    Field::optional("prompt", Rule::TEXT),
    Field::optional("response_format", Rule::Choice(ALL_FORMATS)),
    Field::optional("temperature", Rule::Number { min: 0.0, max: 1.0 }),
    Field::optional(
        "timestamp_granularities",
        Rule::List { items: &Rule::Choice(&["word", "segment"]), min: 1, max: 2 },
    ),
    Field::optional("include", Rule::list(&Rule::Choice(&["logprobs"]))),
    Field::optional("stream", Rule::Boolean),
    Field::optional(
        "chunking_strategy",
        Rule::Either(&[
            Rule::Choice(&["auto"]),
            Rule::Object(&[
                Field::required("type", Rule::Choice(&["server_vad"])),
                Field::optional("prefix_padding_ms", Rule::Integer { min: 0, max: i64::MAX }),
                Field::optional("silence_duration_ms", Rule::Integer { min: 0, max: i64::MAX }),
                Field::optional("threshold", Rule::Number { min: 0.0, max: 1.0 }),
            ]),
        ]),
    ),
    Field::optional("known_speaker_names", Rule::List { items: &Rule::NON_EMPTY, min: 0, max: 4 }),
    Field::optional(
        "known_speaker_references",
        Rule::List { items: &Rule::Checked(&Rule::TEXT, speaker_reference), min: 0, max: 4 },
    ),
];

const LANGUAGE: Rule = Rule::Checked(&Rule::TEXT, language);

const ALL_FORMATS: &[&str] = &["json", "text", "srt", "verbose_json", "vtt", "diarized_json"];

/// The two-letter codes of ISO 639-1.
const LANGUAGES: &str = "\
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy \
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu \
    hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb \
    lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om \
    or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw \
    ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Longer audio with several speakers must be cut up.
const LONGEST_UNCUT: f64 = 30.0;

/// A kind of model, as far as rules differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whisper,
    /// `gpt-4o-transcribe` and its smaller sister.
    Gpt4o,
    Diarize,
    /// `gpt-transcribe`.
    Gpt,
    /// A name nobody knows: only what holds for all models is checked.
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
            Kind::Unknown => ALL_FORMATS,
        }
    }
}

/// Fields that only some models have.
const ONLY_WITH: &[(&str, &[Kind])] = &[
    ("languages", &[Kind::Gpt]),
    ("keywords", &[Kind::Gpt]),
    ("prompt", &[Kind::Whisper, Kind::Gpt4o, Kind::Gpt]),
    ("include", &[Kind::Gpt4o]),
    ("timestamp_granularities", &[Kind::Whisper, Kind::Gpt4o, Kind::Gpt]),
    ("known_speaker_names", &[Kind::Diarize]),
    ("known_speaker_references", &[Kind::Diarize]),
];

/// A request whose form was read.
struct Request<'a> {
    fields: Map<String, Value>,
    recording: Recording<'a>,
}

/// Transcribes.
pub(crate) async fn transcriptions(
    State(shared): State<Arc<Shared>>,
    Extension(call): Extension<Arc<Call>>,
) -> Result<Response, ApiError> {
    let request = Request::read(call.form()?)?;
    let kind = Kind::of(request.text("model"));
    check(&request, kind)?;
    let spoken = shared.spoken(request.recording.bytes);
    Ok(Transcript::new(&request, kind, spoken).answer(shared.chunk_pause))
}

impl<'a> Request<'a> {
    fn read(parts: &'a [Part]) -> Result<Request<'a>, ApiError> {
        let (files, texts): (Vec<&Part>, Vec<&Part>) =
            parts.iter().partition(|part| part.name == "file");
        let fields = form::object(&texts, FIELDS)?;
        fields::check_body(&Value::Object(fields.clone()), FIELDS)?;
        Ok(Request { fields, recording: Recording::read(&files)? })
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or("")
    }

    fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let list = self.fields.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    }

    fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    fn format(&self) -> &str {
        if self.has("response_format") { self.text("response_format") } else { "json" }
    }
}

fn check(request: &Request, kind: Kind) -> Result<(), ApiError> {
    let model = request.text("model");
    models::check(model, Family::Transcription, "v1/audio/transcriptions")?;
    for (name, kinds) in ONLY_WITH {
        if request.has(name) && kind != Kind::Unknown && !kinds.contains(&kind) {
            return Err(ApiError::unsupported(
                name,
                format!("The '{name}' parameter is not supported by '{model}'."),
            ));
        }
    }
    check_format(request, kind)?;
    check_speakers(request)?;
    if kind == Kind::Diarize
        && LONGEST_UNCUT < request.recording.seconds
        && !request.has("chunking_strategy")
    {
        return Err(ApiError::invalid(
            "chunking_strategy is required for diarization of audio longer than 30 seconds.",
        )
        .param("chunking_strategy")
        .code("missing_required_parameter"));
    }
    Ok(())
}

fn check_format(request: &Request, kind: Kind) -> Result<(), ApiError> {
    let format = request.format();
    if !kind.formats().contains(&format) {
        return Err(ApiError::unsupported_value(
            "response_format",
            format!(
                "response_format '{format}' is not compatible with model '{}'. Supported values \
                 are: {}.",
                request.text("model"),
                kind.formats().join(", ")
            ),
        ));
    }
    for (name, needed) in [("timestamp_granularities", "verbose_json"), ("include", "json")] {
        if request.has(name) && format != needed {
            return Err(ApiError::invalid_value(
                name,
                format!("The '{name}' parameter is only allowed with response_format '{needed}'."),
            ));
        }
    }
    Ok(())
}

/// Every speaker who is named has a reference and the other way round.
fn check_speakers(request: &Request) -> Result<(), ApiError> {
    let names = request.texts("known_speaker_names").count();
    let references = request.texts("known_speaker_references").count();
    if names == references {
        return Ok(());
    }
    Err(ApiError::invalid_value(
        "known_speaker_references",
        "known_speaker_names and known_speaker_references must have the same length.",
    ))
}

fn language(path: &Path, value: &Value) -> Result<(), ApiError> {
    let language = value.as_str().unwrap_or("");
    if LANGUAGES.split(' ').any(|known| known == language) {
        return Ok(());
    }
    Err(ApiError::invalid(format!(
        "Invalid language '{language}'. Language parameter must be specified in ISO-639-1 format."
    ))
    .param(path)
    .code("invalid_language_format"))
}

/// A sample of a voice: 2 to 10 seconds of audio in a `data:` URL.
fn speaker_reference(path: &Path, value: &Value) -> Result<(), ApiError> {
    let url = value.as_str().unwrap_or("");
    let is_voice = DataUrl::parse(url).is_some_and(|data| {
        sound::kind(&data.bytes).is_some_and(|kind| kind.has_media_type(data.media_type))
            && (2.0..=10.0).contains(&sound::seconds(&data.bytes))
    });
    if is_voice {
        return Ok(());
    }
    Err(ApiError::invalid_value(
        path,
        format!("Invalid '{path}': expected a data URL with 2 to 10 seconds of audio."),
    ))
}
