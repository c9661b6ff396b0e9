//! Transcripts of audio, in the spoken language or in English.
//!
//! [`models`] defines what each model supports. [`answer`] reads a response, which
//! has one of the [`shapes`].

mod answer;
pub mod models;
pub mod shapes;

use connector_sdk::Shape;
use serde_json::Value;

pub use self::answer::Answer;

/// The extensions of the audio files that the API accepts.
pub const AUDIO_EXTENSIONS: &[&str] =
    &["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"];

/// The maximum size of an audio file, in bytes.
pub const MAX_AUDIO: u64 = 25 << 20;

/// The JSON Schema of a transcript, for an input that may specify a format.
pub fn output_schema(input: &Value) -> Value {
    let format = input.get("responseFormat").and_then(Value::as_str);
    let shape = match format.unwrap_or("json") {
        "verbose_json" => shapes::Verbose::SHAPE,
        "diarized_json" => shapes::Diarized::SHAPE,
        "text" | "srt" | "vtt" => shapes::TEXT,
        _ => shapes::Json::SHAPE,
    };
    shape.json_schema()
}
