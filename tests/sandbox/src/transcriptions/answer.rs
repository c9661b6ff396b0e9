//! The sandbox's transcripts.

use std::fmt::Write;
use std::time::Duration;

use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Value;
use serde_json::json;

use crate::pace;
use crate::tokens;
use crate::transcriptions::Form;
use crate::transcriptions::Kind;

/// The transcript of audio that the sandbox did not generate.
const UNKNOWN_AUDIO: &str =
    "This is the sandbox speaking. It cannot hear, so every recording sounds like this to it.";

/// The formats that can be streamed; the others are always sent in one piece.
const STREAMED: &[&str] = &["json", "text", "diarized_json"];

/// The number of tokens per second of audio.
const TOKENS_PER_SECOND: f64 = 10.0;

/// A transcript in the requested format.
pub(crate) struct Transcript {
    text: String,
    seconds: f64,
    kind: Kind,
    format: String,
    /// The languages given as hints; the transcript reports them as detected.
    languages: Vec<String>,
    streams: bool,
    with_words: bool,
    with_segments: bool,
    with_logprobs: bool,
    speakers: Vec<String>,
    prompt_tokens: u64,
    is_translation: bool,
}

/// A piece of a transcript with its time, in seconds.
#[derive(Debug, PartialEq)]
struct Span<'a> {
    text: &'a str,
    start: f64,
    end: f64,
}

impl Transcript {
    pub(crate) fn new(form: &Form, kind: Kind, seconds: f64, spoken: Option<String>) -> Self {
        let owned = |name| form.texts(name).map(str::to_owned).collect::<Vec<_>>();
        let granularities = owned("timestamp_granularities[]");
        let wants = |name: &str| granularities.iter().any(|granularity| granularity == name);
        let mut languages = owned("languages[]");
        if languages.is_empty() {
            languages.push(form.text("language").unwrap_or("en").to_owned());
        }
        let format = form.format();
        let streams = form.text("stream") == Some("true");
        Transcript {
            text: spoken.unwrap_or_else(|| UNKNOWN_AUDIO.to_owned()),
            seconds: (seconds * 1000.0).round() / 1000.0,
            kind,
            format: format.to_owned(),
            languages,
            streams: streams && kind != Kind::Whisper && STREAMED.contains(&format),
            with_words: wants("word"),
            with_segments: granularities.is_empty() || wants("segment"),
            with_logprobs: form.texts("include[]").any(|include| include == "logprobs"),
            speakers: owned("known_speaker_names[]"),
            prompt_tokens: tokens::count(form.text("prompt").unwrap_or_default()),
            is_translation: false,
        }
    }

    /// A transcript in English. Everything is English to the sandbox.
    pub(crate) fn translation(form: &Form, seconds: f64, spoken: Option<String>) -> Self {
        Transcript { is_translation: true, ..Transcript::new(form, Kind::Whisper, seconds, spoken) }
    }

    pub(crate) fn answer(&self, pause: Duration) -> Response {
        if self.streams {
            return pace::events(self.events(), pause);
        }
        match self.format.as_str() {
            "text" => plain(format!("{}\n", self.text)),
            "srt" => plain(self.subtitles("", ',', true)),
            "vtt" => plain(self.subtitles("WEBVTT\n\n", '.', false)),
            "verbose_json" => Json(self.verbose()).into_response(),
            "diarized_json" => Json(self.diarized()).into_response(),
            _ => Json(self.simple()).into_response(),
        }
    }

    fn simple(&self) -> Value {
        let mut answer = json!({"text": self.text});
        self.add_usage(&mut answer);
        if self.with_logprobs {
            answer["logprobs"] = logprobs(&self.text);
        }
        if self.kind == Kind::Gpt {
            answer["languages"] = self.languages.iter().map(|code| json!({"code": code})).collect();
        }
        answer
    }

    fn verbose(&self) -> Value {
        let language = self.languages.first().map(String::as_str);
        let mut answer = json!({
            "task": if self.is_translation { "translate" } else { "transcribe" },
            "language": if language == Some("en") { Some("english") } else { language },
            "duration": self.seconds,
            "text": self.text,
        });
        self.add_usage(&mut answer);
        if self.with_words {
            answer["words"] = self.words().iter().map(word).collect();
        }
        if self.with_segments {
            answer["segments"] = self.verbose_segments();
        }
        answer
    }

    fn verbose_segments(&self) -> Value {
        let segment = |(id, span): (usize, &Span)| {
            let tokens: Vec<u64> =
                (0..tokens::count(span.text)).map(|token| 50364 + token).collect();
            json!({
                "id": id,
                "seek": 0,
                "start": span.start,
                "end": span.end,
                "text": format!(" {}", span.text),
                "tokens": tokens,
                "temperature": 0.0,
                "avg_logprob": 0.0,
                "compression_ratio": 1.0,
                "no_speech_prob": 0.0,
            })
        };
        self.sentences().iter().enumerate().map(segment).collect()
    }

    fn diarized(&self) -> Value {
        json!({
            "task": "transcribe",
            "duration": self.seconds,
            "text": self.text,
            "segments": self.diarized_segments(),
            "usage": self.usage(),
        })
    }

    fn diarized_segments(&self) -> Vec<Value> {
        let sentences = self.sentences();
        sentences
            .iter()
            .enumerate()
            .map(|(index, span)| self.diarized_segment(index, span))
            .collect()
    }

    /// Speakers take turns, sentence by sentence.
    fn diarized_segment(&self, index: usize, span: &Span) -> Value {
        json!({
            "type": "transcript.text.segment",
            "id": segment_id(index),
            "start": span.start,
            "end": span.end,
            "text": span.text,
            "speaker": self.speaker(index),
        })
    }

    /// Two speakers: the known ones, otherwise A and B.
    fn speaker(&self, turn: usize) -> &str {
        let count = self.speakers.len().max(2);
        let names = self.speakers.iter().map(String::as_str).chain(["A", "B"]);
        names.take(count).cycle().nth(turn % count).unwrap_or("A")
    }

    /// Numbered cues with times, one for each sentence.
    fn subtitles(&self, head: &str, point: char, is_numbered: bool) -> String {
        let mut file = head.to_owned();
        for (index, span) in self.sentences().iter().enumerate() {
            if is_numbered {
                // Writing to a string cannot fail.
                let _ = writeln!(file, "{}", index + 1);
            }
            let (start, end) = (timestamp(span.start, point), timestamp(span.end, point));
            let _ = write!(file, "{start} --> {end}\n{}\n\n", span.text);
        }
        file
    }

    /// The text word by word, then the whole text. With speakers, the words of
    /// each sentence are followed by its segment.
    fn events(&self) -> Vec<String> {
        let mut words = self.text.split_inclusive(' ');
        let mut events: Vec<Value> = Vec::new();
        if self.format == "diarized_json" {
            for (index, span) in self.sentences().iter().enumerate() {
                let own = words.by_ref().take(span.text.split_whitespace().count());
                events.extend(own.map(|word| self.delta(word, Some(&segment_id(index)))));
                events.push(self.diarized_segment(index, span));
            }
        }
        events.extend(words.map(|word| self.delta(word, None)));
        let mut done = json!({
            "type": "transcript.text.done", "text": self.text, "usage": self.usage(),
        });
        self.add_logprobs(&mut done, &self.text);
        events.push(done);
        events.iter().map(pace::data).collect()
    }

    fn delta(&self, text: &str, segment: Option<&str>) -> Value {
        let mut delta = json!({"type": "transcript.text.delta", "delta": text});
        if let Some(id) = segment {
            delta["segment_id"] = id.into();
        }
        self.add_logprobs(&mut delta, text);
        delta
    }

    fn add_logprobs(&self, event: &mut Value, text: &str) {
        if self.with_logprobs {
            event["logprobs"] = logprobs(text);
        }
    }

    /// Translations report no usage.
    fn add_usage(&self, answer: &mut Value) {
        if !self.is_translation {
            answer["usage"] = self.usage();
        }
    }

    /// Whisper is charged by the second, its successors by the token.
    fn usage(&self) -> Value {
        if matches!(self.kind, Kind::Whisper | Kind::Diarize) {
            return json!({"type": "duration", "seconds": self.seconds.ceil() as u64});
        }
        let audio = (self.seconds * TOKENS_PER_SECOND).ceil() as u64;
        let input = audio + self.prompt_tokens;
        let output = tokens::count(&self.text);
        json!({
            "type": "tokens",
            "input_tokens": input,
            "input_token_details": {"text_tokens": self.prompt_tokens, "audio_tokens": audio},
            "output_tokens": output,
            "total_tokens": input + output,
        })
    }

    fn sentences(&self) -> Vec<Span<'_>> {
        spans(&self.text, self.seconds, |text| {
            text.split_inclusive(['.', '!', '?']).map(str::trim).collect()
        })
    }

    fn words(&self) -> Vec<Span<'_>> {
        spans(&self.text, self.seconds, |text| text.split_whitespace().collect())
    }
}

/// Pieces of text; the duration of each is proportional to its characters.
fn spans<'a>(text: &'a str, seconds: f64, split: fn(&'a str) -> Vec<&'a str>) -> Vec<Span<'a>> {
    let mut pieces = split(text);
    pieces.retain(|piece| !piece.is_empty());
    let length = |piece: &&str| piece.chars().count() as f64;
    let total: f64 = pieces.iter().map(length).sum();
    let mut so_far = 0.0;
    let mut at = |more: f64| {
        so_far += more;
        (seconds * so_far / total * 1000.0).round() / 1000.0
    };
    pieces.into_iter().map(|text| Span { text, start: at(0.0), end: at(length(&text)) }).collect()
}

fn segment_id(index: usize) -> String {
    format!("seg_{index:03}")
}

fn word(span: &Span) -> Value {
    let word = span.text.trim_matches(|c: char| c.is_ascii_punctuation());
    json!({"word": word, "start": span.start, "end": span.end})
}

fn logprobs(text: &str) -> Value {
    let one = |token: &str| json!({"token": token, "logprob": 0.0, "bytes": token.as_bytes()});
    tokens::split(text).map(one).collect()
}

/// `00:01:02,345`
fn timestamp(seconds: f64, point: char) -> String {
    let milliseconds = (seconds * 1000.0).round() as u64;
    let (seconds, milliseconds) = (milliseconds / 1000, milliseconds % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}")
}

fn plain(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_timestamps() {
        assert_eq!(timestamp(0.0, ','), "00:00:00,000");
        assert_eq!(timestamp(3661.0456, '.'), "01:01:01.046");
    }

    #[test]
    fn spans_cover_the_whole_duration() {
        let split = |text: &'static str| text.split_whitespace().collect();
        assert_eq!(
            spans("ab cdef", 3.0, split),
            [
                Span { text: "ab", start: 0.0, end: 1.0 },
                Span { text: "cdef", start: 1.0, end: 3.0 },
            ]
        );
        assert_eq!(spans("  ", 3.0, split), []);
    }
}
