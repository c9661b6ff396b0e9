//! The response: a transcript, in one piece or as a stream. Servers do not
//! always return the requested format or label the response correctly.

use connector_sdk::http::Response;
use connector_sdk::{Failure, Outcome, Result, errors, events, json};
use serde_json::{Map, Value};

use crate::stream::{self, Next};
use crate::usage::Usage;

/// A transcript.
pub struct Answer {
    /// The text, or an object that contains it.
    output: Value,
    /// The token counts.
    usage: Usage,
}

impl Answer {
    /// Reads a stream of events and reports the text as it arrives.
    pub fn streamed(response: &Response, format: &str) -> Result<Self> {
        let whole = collect(stream::read(response.events()), |text| events::text(text))?;
        Self::of(whole, format)
    }

    /// Reads a response in one piece.
    pub fn read(response: &Response, format: &str) -> Result<Self> {
        let text = response.text()?;
        Self::of_text(&text, Label::of(response), format)
    }

    /// The outcome of a run with this model.
    pub fn outcome(self, model: &str, request_id: Option<String>) -> Result<Outcome<Value>> {
        let usage = (!self.usage.is_empty()).then_some(self.usage);
        Outcome::new(self.output).with_metadata(&serde_json::json!({
            "model": model,
            "usage": usage,
            "requestId": request_id,
        }))
    }

    fn of_text(text: &str, label: Label, format: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if ["data:", "event:"].iter().any(|field| text.starts_with(field)) {
            // A stream that was not requested.
            let data = text.lines().filter_map(|line| line.strip_prefix("data:"));
            let events = data.filter_map(|data| stream::next(data).transpose());
            return Self::of(collect(events, |_| Ok(()))?, format);
        }
        // Some servers end every response as if it were a stream.
        let whole = text.trim_ascii_end().strip_suffix("data: [DONE]").unwrap_or(text);
        match json::from_str(whole) {
            Ok(Value::Object(whole)) => Self::of(whole, format),
            Ok(Value::String(text)) if label == Label::Json => plain_text(&text, label, format),
            _ => plain_text(text, label, format),
        }
    }

    /// The transcript in an object.
    fn of(whole: Map<String, Value>, format: &str) -> Result<Self> {
        let Some(text) = whole.get("text").and_then(Value::as_str) else {
            let answer = Value::Object(whole).to_string();
            return Err(errors::instead("the provider returned no transcript", &answer));
        };
        let mut usage = Usage::default();
        usage.add(whole.get("usage").unwrap_or(&Value::Null));
        let output = match format {
            "text" => text.into(),
            "srt" | "vtt" => return Err(wrong_format(text, format)),
            _ => object(whole),
        };
        Ok(Self { output, usage })
    }
}

/// An object as an output, without the token counts: as with every action,
/// they are in the metadata.
fn object(mut whole: Map<String, Value>) -> Value {
    whole.retain(|name, value| name != "usage" && !value.is_null());
    // Some servers send `"duration": "8.47"`.
    if let Some(duration) = whole.get_mut("duration")
        && let Some(number) = duration.as_str().and_then(|text| json::from_str(text).ok())
    {
        *duration = number;
    }
    Value::Object(whole)
}

/// Collects events into the object that a response in one piece would contain.
fn collect(
    events: impl Iterator<Item = Result<Next>>,
    report: impl Fn(&str) -> Result<()>,
) -> Result<Map<String, Value>> {
    let (mut so_far, mut segments) = (String::new(), Vec::new());
    for event in events {
        let event = match event {
            Ok(Next::Object(event)) => event,
            Ok(Next::Done) => break,
            Err(failure) if failure.detail.is_none() => return Err(failure.with_detail(&so_far)),
            Err(failure) => return Err(failure),
        };
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        match text("type") {
            Some("transcript.text.delta") => {
                let delta = text("delta").unwrap_or_default();
                so_far.push_str(delta);
                report(delta)?;
            }
            Some("transcript.text.segment") => segments.push(event),
            Some("transcript.text.done") => return Ok(whole(event, so_far, segments)),
            // The whole response in one event.
            None if text("text").is_some() => return Ok(whole(event, so_far, segments)),
            _ => {}
        }
    }
    Err(Failure::invalid_output("the transcript ended early").with_detail(&so_far))
}

/// The object in the last event, with missing members taken from earlier events.
fn whole(last: Value, so_far: String, segments: Vec<Value>) -> Map<String, Value> {
    let Value::Object(mut whole) = last else { return Map::new() };
    whole.shift_remove("type");
    if !whole.get("text").is_some_and(Value::is_string) {
        whole.insert("text".to_owned(), so_far.into());
    }
    if !segments.is_empty() {
        whole.insert("segments".to_owned(), segments.into());
    }
    whole
}

/// The content type that a response declares.
#[derive(Clone, Copy, PartialEq)]
enum Label {
    Json,
    PlainText,
    Page,
    Other,
}

impl Label {
    fn of(response: &Response) -> Self {
        let labels = [
            ("application/json", Self::Json),
            ("text/plain", Self::PlainText),
            ("text/html", Self::Page),
        ];
        let label = labels.into_iter().find(|(name, _)| response.has_type(name));
        label.map_or(Self::Other, |(_, label)| label)
    }
}

/// The transcript in plain text. The blank line at the end of subtitles is part
/// of their format, but the newline at the end of text is not part of the
/// transcript.
fn plain_text(text: &str, label: Label, format: &str) -> Result<Answer> {
    let is_blank = text.trim_ascii().is_empty();
    let without_end = text.strip_suffix('\n').unwrap_or(text);
    let output = match format {
        _ if is_page(text, label) => {
            let message = "the provider returned a web page instead of a transcript";
            return Err(Failure::invalid_output(message).with_detail(text));
        }
        "text" => without_end.into(),
        "vtt" if is_blank || text.starts_with("WEBVTT") => text.into(),
        "srt" if is_blank || text.contains("-->") => text.into(),
        "json" if label == Label::PlainText && !is_blank => {
            serde_json::json!({ "text": without_end })
        }
        _ => return Err(wrong_format(text, format)),
    };
    Ok(Answer { output, usage: Usage::default() })
}

fn is_page(text: &str, label: Label) -> bool {
    let start = text.trim_ascii_start();
    let begins =
        |tag: &&str| start.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    ["<!doctype", "<html"].iter().any(begins) || label == Label::Page && start.starts_with('<')
}

/// The failure for a transcript in another format. It has been paid for, so all
/// of it is kept.
fn wrong_format(text: &str, format: &str) -> Failure {
    let message = format!("the provider did not return the transcript as {format}");
    let mut failure = Failure::invalid_output(message);
    failure.detail = (!text.is_empty()).then(|| text.to_owned());
    failure
}
