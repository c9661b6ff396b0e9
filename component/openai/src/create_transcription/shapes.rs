//! What transcripts look like. An output is the provider's own object, which
//! may have more members than these.
#![expect(dead_code, reason = "only their tables are used")]

use connector_sdk::Properties;
use connector_sdk::property::{Property, Shape};
use serde::Deserialize;

/// The text alone, or subtitles.
pub const TEXT: Property = Property { label: "text", ..String::SHAPE };
pub const SUBTITLES: Property = Property { label: "srt, vtt", ..String::SHAPE };

#[derive(Deserialize, Properties)]
#[property(label = "json")]
pub struct Json {
    /// What was said.
    text: String,
}

#[derive(Deserialize, Properties)]
#[property(label = "verbose_json")]
pub struct Verbose {
    /// The language that is spoken.
    language: Option<String>,
    /// The length of the recording, in seconds.
    duration: Option<f64>,
    /// What was said.
    text: String,
    /// The parts of the transcript.
    #[property(display = "transcript")]
    segments: Option<Vec<Segment>>,
}

#[derive(Deserialize, Properties)]
struct Segment {
    id: Option<i64>,
    /// Where it begins, in seconds.
    #[property(display = "start")]
    start: Option<f64>,
    /// Where it ends, in seconds.
    #[property(display = "end")]
    end: Option<f64>,
    /// What was said.
    text: Option<String>,
}

#[derive(Deserialize, Properties)]
#[property(label = "diarized_json")]
pub struct Diarized {
    /// The length of the recording, in seconds.
    duration: Option<f64>,
    /// What was said.
    text: String,
    /// The parts of the transcript.
    #[property(display = "transcript")]
    segments: Option<Vec<SpeakerSegment>>,
}

#[derive(Deserialize, Properties)]
struct SpeakerSegment {
    id: Option<String>,
    /// Where it begins, in seconds.
    #[property(display = "start")]
    start: Option<f64>,
    /// Where it ends, in seconds.
    #[property(display = "end")]
    end: Option<f64>,
    /// What was said.
    text: Option<String>,
    /// Who said it.
    #[property(display = "speaker")]
    speaker: Option<String>,
}
