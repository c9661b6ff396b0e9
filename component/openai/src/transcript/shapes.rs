//! The shapes of transcripts. The output is the provider's own object, which
//! may have additional members.
#![expect(dead_code, reason = "only the property tables are used")]

use connector_sdk::Properties;
use connector_sdk::property::{Property, Shape};
use serde::Deserialize;

/// Plain text, or subtitles.
pub const TEXT: Property = Property { label: "text", ..String::SHAPE };
pub const SUBTITLES: Property = Property { label: "srt, vtt", ..String::SHAPE };

#[derive(Deserialize, Properties)]
#[property(label = "json")]
pub struct Json {
    /// The transcript.
    text: String,
}

#[derive(Deserialize, Properties)]
#[property(label = "verbose_json")]
pub struct Verbose {
    /// The language of the transcript.
    language: Option<String>,
    /// The length of the audio, in seconds.
    duration: Option<f64>,
    /// The transcript.
    text: String,
    /// The segments of the transcript.
    #[property(display = "transcript")]
    segments: Option<Vec<Segment>>,
}

#[derive(Deserialize, Properties)]
struct Segment {
    id: Option<i64>,
    /// The start time, in seconds.
    #[property(display = "start")]
    start: Option<f64>,
    /// The end time, in seconds.
    #[property(display = "end")]
    end: Option<f64>,
    /// The text of the segment.
    text: Option<String>,
}

#[derive(Deserialize, Properties)]
#[property(label = "diarized_json")]
pub struct Diarized {
    /// The length of the audio, in seconds.
    duration: Option<f64>,
    /// The transcript.
    text: String,
    /// The segments of the transcript.
    #[property(display = "transcript")]
    segments: Option<Vec<SpeakerSegment>>,
}

#[derive(Deserialize, Properties)]
struct SpeakerSegment {
    id: Option<String>,
    /// The start time, in seconds.
    #[property(display = "start")]
    start: Option<f64>,
    /// The end time, in seconds.
    #[property(display = "end")]
    end: Option<f64>,
    /// The text of the segment.
    text: Option<String>,
    /// The speaker.
    #[property(display = "speaker")]
    speaker: Option<String>,
}
