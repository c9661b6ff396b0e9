//! Create Transcriptions: `POST /audio/transcriptions`.
//!
//! [`models`] knows which model takes and writes what, [`language`] the codes
//! of languages.

mod language;
mod models;
mod properties;
mod recording;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use self::language::{Language, language};
pub use self::properties::PROPERTIES;
use self::recording::{Recording, add_speakers};
use super::{Action, Output, parse};
use crate::bindings::exports::workflow::connector::actions::Outcome;
use crate::bindings::workflow::connector::events::{self, Event, TextDelta};
use crate::bindings::workflow::connector::http;
use crate::connection::Settings;
use crate::describe::Table;
use crate::failure::{Failure, Result, item};
use crate::file_entry::FileEntry;
use crate::json::input::{FromJson, members};
use crate::json::{Json, Object, Value};
use crate::openai::models::has_any;
use crate::openai::request::{Answer, get, send};
use crate::openai::stream::{Next, Stream};
use crate::openai::{error, parameters, rules, usage::Usage};
use crate::table::{count_sent, sent};

/// The action.
pub const ACTION: Action = Action {
    name: "createTranscription",
    title: "Create Transcriptions",
    description: "Writes down what is said in a recording, in the language that is spoken.",
    help: include_str!("create_transcription.md"),
    properties: PROPERTIES,
    output: Output::Dynamic(output_schema),
    run,
    suits: |id| has_any(id, &["transcribe", "whisper"]),
};

/// What is sent as it was given.
const SENT: [&str; count_sent(PROPERTIES)] = sent(PROPERTIES);

members! {
    /// What the action makes something of, or looks at.
    pub struct Input<'a> {
        file: FileEntry<'a> = "file",
        model: &'a str = "model",
        language: Option<&'a str> = "language",
        languages: Option<Vec<&'a str>> = "languages",
        response_format: &'a str = "responseFormat",
        include_logprobs: Option<bool> = "includeLogprobs",
        known_speakers: Option<Vec<Speaker<'a>>> = "knownSpeakers",
        chunking_strategy: Option<&'a Value> = "chunkingStrategy",
    }
}

members! {
    /// A person whose voice is to be recognized.
    pub struct Speaker<'a> {
        name: &'a str = "name",
        recording: FileEntry<'a> = "recording",
    }
}

fn run(input: &str, _: &Settings) -> Result<Outcome> {
    let given = parse(input)?;
    let input = Input::from_json(&given)?;
    rules::check(models::RULES, input.model, &given)?;
    let is_streamed = events::streaming() && models::streams(input.model) && is_streamable(&input);
    let recording = Recording::open(&input.file).map_err(|failure| failure.inside("file"))?;
    let mut parts = vec![recording.part("file")];
    let mut fields = fields(&input, &given, is_streamed)?;
    add_speakers(&mut fields, input.known_speakers.as_deref().unwrap_or_default())?;
    for (name, value) in fields {
        parts.push(http::Part { name, value: http::PartValue::Text(value) });
    }
    let request = http::Request {
        method: http::Method::Post,
        body: http::Body::Multipart(parts),
        ..get("/audio/transcriptions")
    };

    let blame =
        |param: &str| parameters::property(param, &Table::of("createTranscription"), ALIASES);
    let answer = send(&request, &blame)?;
    let request_id = answer.request_id.clone();
    if is_streamed && answer.has_type("text/event-stream") {
        transcript(&input, &answer.collect(None, &blame, collect)?, request_id)
    } else {
        answer.text().and_then(|text| {
            let label = Label::of(&answer);
            read(&input, &text, label, &blame, request_id)
        })
    }
    .map_err(|failure| answer.told(failure))
}

/// The parameters that the action makes, with the properties they are made of.
const ALIASES: &[(&str, &str)] = &[
    ("include", "includeLogprobs"),
    ("known_speaker_names", "knownSpeakers"),
    ("known_speaker_references", "knownSpeakers"),
];

/// The form's fields behind the file.
fn fields(input: &Input, given: &Value, is_streamed: bool) -> Result<Vec<(String, String)>> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for (name, value) in parameters::given(&SENT, given) {
        match value {
            Value::List(items) => {
                let name = name + "[]";
                for item in items {
                    fields.push((name.clone(), plain(item)));
                }
            }
            value => fields.push((name, plain(value))),
        }
    }
    if let Some(Value::Object(members)) = input.chunking_strategy {
        for (name, value) in members {
            fields.push((format!("chunking_strategy[{name}]"), plain(value)));
        }
    }
    for code in codes(input)? {
        fields.push(("languages[]".into(), code.into()));
    }
    let mut add = |name: &str, value: &str| fields.push((name.into(), value.into()));
    if let Some(code) = code("language", input.language.unwrap_or_default())? {
        add("language", code);
    }
    if input.include_logprobs == Some(true) {
        add("include[]", "logprobs");
    }
    match input.chunking_strategy {
        Some(Value::Object(_)) => {}
        Some(strategy) => add("chunking_strategy", &plain(strategy)),
        // Without it, these models refuse recordings above 30 seconds.
        None if models::is_diarizing(input.model) => add("chunking_strategy", "auto"),
        None => {}
    }
    if is_streamed {
        add("stream", "true");
    }
    Ok(fields)
}

/// The code of a language; none if the model is to find out.
fn code(property: &str, text: &str) -> Result<Option<&'static str>> {
    match language(text) {
        Some(Language::Code(code)) => Ok(Some(code)),
        Some(Language::Unsaid) => Ok(None),
        None => Err(Failure::invalid_input(property, language::unknown(property, text))),
    }
}

/// The codes of the languages that may be spoken, each once.
fn codes(input: &Input) -> Result<Vec<&'static str>> {
    let mut codes = Vec::new();
    for (index, text) in input.languages.iter().flatten().enumerate() {
        let code = code(&item("languages", index), text)?;
        if let Some(code) = code
            && !codes.contains(&code)
        {
            codes.push(code);
        }
    }
    Ok(codes)
}

/// A value as the text of a form's field.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        value => Json::of(value).text(),
    }
}

/// Whether the format is one whose text is worth showing as it arrives.
fn is_streamable(input: &Input) -> bool {
    matches!(input.response_format, "json" | "text" | "diarized_json")
}

fn is_json(format: &str) -> bool {
    !matches!(format, "text" | "srt" | "vtt")
}

/// Collects a stream to the object that would have come in one.
fn collect(stream: &mut Stream) -> Result<String> {
    let mut said = String::new();
    let mut segments = Vec::new();
    let done = loop {
        let next = stream.next_event().map_err(|failure| match failure.detail {
            None => failure.with_detail(&said),
            Some(_) => failure,
        })?;
        let Next::Object(event) = next else {
            return Err(Failure::invalid_output("the transcript broke off", &said));
        };
        match event.text("type") {
            Some("transcript.text.delta") => {
                let text = event.text("delta").unwrap_or_default();
                said.push_str(text);
                let delta = TextDelta { choice: 0, text: text.into() };
                (stream.tell)(Event::TextDelta(delta))?;
            }
            Some("transcript.text.segment") => segments.push(Json::of(&event)),
            Some("transcript.text.done") => break event,
            // The whole answer as one event.
            None if event.text("text").is_some() => break event,
            _ => {}
        }
        event.free();
    };
    let mut whole = Object::new();
    for (name, value) in done.as_object().unwrap_or_default() {
        if name != "type" {
            whole.set(name, value);
        }
    }
    if done.text("text").is_none() {
        whole.set("text", &said);
    }
    if !segments.is_empty() {
        whole.set("segments", Json::list(&segments));
    }
    Ok(whole.done().text())
}

/// What the answer's `content-type` calls it.
#[derive(Clone, Copy, PartialEq)]
enum Label {
    Json,
    PlainText,
    Page,
    Other,
}

impl Label {
    fn of(answer: &Answer) -> Self {
        let labels = [
            ("application/json", Self::Json),
            ("text/plain", Self::PlainText),
            ("text/html", Self::Page),
        ];
        let label = labels.into_iter().find(|(name, _)| answer.has_type(name));
        label.map_or(Self::Other, |(_, label)| label)
    }
}

/// The outcome of an answer in one piece. Servers do not always write the
/// format that was asked for, nor call what they write by its name.
fn read(
    input: &Input,
    answer: &str,
    label: Label,
    blame: &dyn Fn(&str) -> Option<String>,
    request_id: Option<String>,
) -> Result<Outcome> {
    let answer = answer.strip_prefix('\u{feff}').unwrap_or(answer);
    if ["data:", "event:"].iter().any(|field| answer.starts_with(field)) {
        return transcript(input, &assembled(answer, blame)?, request_id);
    }
    // Some servers end everything like a stream.
    let whole = answer.trim_ascii_end().strip_suffix("data: [DONE]").unwrap_or(answer);
    match Value::parse(whole) {
        Some(Value::Object(_)) => transcript(input, whole, request_id),
        Some(Value::Text(text)) if label == Label::Json => {
            plain_text(input, &text, label, request_id)
        }
        _ => plain_text(input, answer, label, request_id),
    }
}

/// A stream that nobody asked for, as the JSON text that would have come in
/// its place.
fn assembled(answer: &str, blame: &dyn Fn(&str) -> Option<String>) -> Result<String> {
    let mut events = answer.lines().filter_map(|line| line.strip_prefix("data:"));
    collect(&mut Stream {
        data: &mut || Ok(events.next().map(Into::into)),
        tell: &mut |_| Ok(()),
        blame,
    })
}

/// The outcome of an answer in JSON, in the format that was asked for.
fn transcript(input: &Input, answer: &str, request_id: Option<String>) -> Result<Outcome> {
    let whole = Value::parse(answer).unwrap_or(Value::Null);
    let Some(text) = whole.text("text") else {
        return Err(error::instead("the provider returned no transcript", answer));
    };
    let mut usage = Usage::default();
    usage.add(&whole);
    let output = match input.response_format {
        "text" => Json::of(text),
        "srt" | "vtt" => return Err(unfit(input, text)),
        _ => object(&whole),
    };
    Ok(Outcome { output: output.text(), metadata: metadata(input, usage.json(), request_id) })
}

/// The output of an answer in JSON. The token counts are in the metadata, as
/// with every action.
fn object(whole: &Value) -> Json {
    let mut output = Object::new();
    for (name, value) in whole.as_object().unwrap_or_default() {
        // Some servers write `"duration": "8.47"`.
        let number = value.as_str().filter(|_| name == "duration").and_then(Value::parse);
        match number.as_ref().unwrap_or(value) {
            Value::Null => {}
            _ if name == "usage" => {}
            value => {
                output.set(name, value);
            }
        }
    }
    output.done()
}

/// The outcome of an answer in plain text. The blank line at the end of
/// subtitles belongs to their format; the line end behind a text does not
/// belong to what was said.
fn plain_text(
    input: &Input,
    answer: &str,
    label: Label,
    request_id: Option<String>,
) -> Result<Outcome> {
    let is_blank = answer.trim_ascii().is_empty();
    let without_end = answer.strip_suffix('\n').unwrap_or(answer);
    let output = match input.response_format {
        _ if is_page(answer, label) => {
            let message = "the provider returned a web page and no transcript";
            return Err(Failure::invalid_output(message, answer));
        }
        "text" => Json::of(without_end),
        "vtt" if is_blank || answer.starts_with("WEBVTT") => Json::of(answer),
        "srt" if is_blank || answer.contains("-->") => Json::of(answer),
        "json" if label == Label::PlainText && !is_blank => {
            Object::new().set("text", without_end).done()
        }
        _ => return Err(unfit(input, answer)),
    };
    Ok(Outcome { output: output.text(), metadata: metadata(input, None, request_id) })
}

fn is_page(answer: &str, label: Label) -> bool {
    let start = answer.trim_ascii_start().to_ascii_lowercase();
    let begins = |tag: &&str| start.starts_with(tag);
    ["<!doctype", "<html"].iter().any(begins) || label == Label::Page && start.starts_with('<')
}

/// The failure that a transcript in another format means. It was paid, so all
/// of it is kept.
fn unfit(input: &Input, answer: &str) -> Box<Failure> {
    let message = format!("the provider did not write the transcript as {}", input.response_format);
    let mut failure = Failure::invalid_output(message, "");
    failure.detail = (!answer.is_empty()).then(|| answer.into());
    failure
}

fn metadata(input: &Input, usage: Option<Json>, request_id: Option<String>) -> String {
    Object::new()
        .set("model", input.model)
        .set_some("usage", usage)
        .set_some("requestId", request_id)
        .done()
        .text()
}

/// The shape of the output, which the format alone decides.
fn output_schema(input: &str) -> Result<String> {
    let input = parse(input)?;
    let schema = match input.text("responseFormat").unwrap_or("json") {
        "verbose_json" => include_str!("create_transcription/verbose_json.schema.json"),
        "diarized_json" => include_str!("create_transcription/diarized_json.schema.json"),
        format if is_json(format) => include_str!("create_transcription/json.schema.json"),
        _ => r#"{"type":"string"}"#,
    };
    Ok(schema.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drift;
    use crate::failure::FailureKind;
    use crate::json::leaked;
    use crate::openai::stream;

    /// All that is given, with what a test is about.
    fn given(members: serde_json::Value) -> &'static Value {
        let file = json!({
            "extension": "mp3", "mimeType": "audio/mpeg", "name": "talk.mp3", "url": "file:1",
        });
        let mut input = json!({ "file": file, "model": "whisper-1", "responseFormat": "json" });
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        leaked(input)
    }

    fn input(members: serde_json::Value) -> Input<'static> {
        Input::from_json(given(members)).unwrap()
    }

    /// The form's fields of an input, each as `name=value`.
    fn form(members: serde_json::Value) -> Vec<String> {
        let given = given(members);
        let fields = fields(&Input::from_json(given).unwrap(), given, false).unwrap();
        fields.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// The output's schema for a format.
    fn schema(format: &str) -> serde_json::Value {
        let schema = output_schema(&json!({ "responseFormat": format }).to_string()).unwrap();
        serde_json::from_str(&schema).unwrap()
    }

    #[test]
    fn the_table_and_the_input_agree() {
        drift::check::<Input>(PROPERTIES);
    }

    #[test]
    fn only_what_is_set_is_sent() {
        assert_eq!(form(json!({})), ["model=whisper-1", "response_format=json"]);
    }

    #[test]
    fn everything_that_is_set_is_sent() {
        let form = form(json!({
            "language": "de", "prompt": "Grüße", "temperature": 0,
            "timestampGranularities": ["word", "segment"], "includeLogprobs": true,
            "chunkingStrategy": { "type": "server_vad" },
            "languages": ["de-AT", "auto", "English", "ger"], "keywords": ["Gruß"],
        }));
        assert_eq!(
            form,
            [
                "model=whisper-1",
                "prompt=Grüße",
                "response_format=json",
                "temperature=0",
                "timestamp_granularities[]=word",
                "timestamp_granularities[]=segment",
                "keywords[]=Gruß",
                "chunking_strategy[type]=server_vad",
                "languages[]=de",
                "languages[]=en",
                "language=de",
                "include[]=logprobs",
            ]
        );
    }

    #[test]
    fn what_is_off_is_not_sent() {
        let form = form(json!({ "includeLogprobs": false, "languages": [] }));
        assert_eq!(form, ["model=whisper-1", "response_format=json"]);
    }

    #[test]
    fn maori_is_sent_by_its_iso_code() {
        for code in ["ma", "mi"] {
            assert!(form(json!({ "language": code })).contains(&"language=mi".into()));
        }
    }

    #[test]
    fn an_unknown_language_is_refused() {
        for (members, property) in [
            (json!({ "language": "klingon" }), "language"),
            (json!({ "languages": ["de", "klingon"] }), "languages[1]"),
        ] {
            let given = given(members);
            let failure = fields(&Input::from_json(given).unwrap(), given, false).unwrap_err();
            assert_eq!(failure.property.as_deref(), Some(property));
            assert!(failure.message.contains(&format!("`{property}`")), "{}", failure.message);
        }
    }

    #[test]
    fn long_recordings_reach_the_diarizing_model() {
        let strategy = |members| form(members).pop().unwrap();
        let model = "gpt-4o-transcribe-diarize";
        assert_eq!(strategy(json!({ "model": model })), "chunking_strategy=auto");
        let own = json!({ "model": model, "chunkingStrategy": { "type": "server_vad" } });
        assert_eq!(strategy(own), "chunking_strategy[type]=server_vad");
    }

    #[test]
    fn a_stream_is_told_and_put_together() {
        let segment = json!({ "type": "transcript.text.segment", "id": "s1", "speaker": "A" });
        let events = [
            json!({ "type": "transcript.text.delta", "delta": "Grüß " }),
            segment.clone(),
            json!({ "type": "transcript.text.delta", "delta": "dich" }),
            json!({ "type": "transcript.text.other" }),
            json!({
                "type": "transcript.text.done", "text": "Grüß dich",
                "usage": { "type": "tokens", "total_tokens": 5 },
            }),
        ];
        let (answer, told) = stream::read(&events, collect);
        let told: String = told
            .into_iter()
            .map(|event| match event {
                Event::TextDelta(delta) => delta.text,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, "Grüß dich");
        let answer = answer.unwrap();
        let diarized = json!({ "responseFormat": "diarized_json" });
        let whole = transcript(&input(diarized), &answer, None).unwrap();
        assert_eq!(Json::raw(whole.output), json!({ "text": "Grüß dich", "segments": [segment] }));
        let text = transcript(&input(json!({ "responseFormat": "text" })), &answer, None).unwrap();
        assert_eq!(text.output, r#""Grüß dich""#);
        assert!(text.metadata.contains(r#""usage":{"totalTokens":5}"#));
    }

    #[test]
    fn a_stream_that_breaks_off_keeps_what_was_said() {
        let events = [json!({ "type": "transcript.text.delta", "delta": "half" }).to_string()];
        for end in [vec![], vec!["[DONE]".to_owned()]] {
            let events: Vec<_> = events.iter().cloned().chain(end).collect();
            let failure = stream::read(&events, collect).0.unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidOutput);
            assert_eq!(failure.detail.as_deref(), Some("half"));
        }
    }

    #[test]
    fn an_object_is_returned_whole_and_unchanged() {
        let members = r#""text":"Hi","segments":[{"end":0.8199999928474426}]"#;
        let answer = format!(r#"{{{members},"usage":{{"type":"duration","seconds":9}}}}"#);
        let outcome = transcript(&input(json!({})), &answer, Some("req_1".into())).unwrap();
        assert_eq!(outcome.output, format!("{{{members}}}"));
        assert_eq!(
            outcome.metadata,
            r#"{"model":"whisper-1","usage":{"seconds":9},"requestId":"req_1"}"#
        );
    }

    #[test]
    fn an_object_fits_its_schema() {
        let object = |answer| transcript(&input(json!({})), answer, None).unwrap().output;
        assert_eq!(
            object(r#"{"text":"a","language":null,"duration":"8.47"}"#),
            r#"{"text":"a","duration":8.47}"#
        );
        assert_eq!(object(r#"{"text":"a\ud83d"}"#), "{\"text\":\"a\u{fffd}\"}");
    }

    #[test]
    fn an_object_without_a_text_is_no_transcript() {
        let object = |answer| transcript(&input(json!({})), answer, None);
        for other in ["{}", "[]", "null", r#"{"text":null}"#, r#"{"text":1e999}"#] {
            let failure = object(other).err().unwrap();
            assert_eq!(failure.kind, FailureKind::InvalidOutput, "{other}");
        }
        let error = object(r#"{"error":{"message":"Slow down","code":429}}"#).err().unwrap();
        assert_eq!(error.kind, FailureKind::RateLimited);
    }

    #[test]
    fn a_text_loses_the_line_end_and_subtitles_keep_it() {
        let output = |format, answer| {
            let input = input(json!({ "responseFormat": format }));
            plain_text(&input, answer, Label::PlainText, None).unwrap().output
        };
        assert_eq!(output("text", "Hi\n"), r#""Hi""#);
        assert_eq!(output("text", "Hi\n\n"), r#""Hi\n""#);
        assert_eq!(output("vtt", "WEBVTT\n\n"), r#""WEBVTT\n\n""#);
        assert_eq!(output("srt", ""), r#""""#);
    }

    #[test]
    fn the_format_decides_the_output() {
        for format in ["text", "srt", "vtt"] {
            assert_eq!(schema(format)["type"], "string");
            assert!(!is_json(format));
        }
        for format in ["json", "verbose_json", "diarized_json"] {
            assert_eq!(schema(format)["required"], json!(["text"]));
            assert!(is_json(format));
        }
        let segment = &schema("diarized_json")["properties"]["segments"]["items"]["properties"];
        assert_eq!(segment["speaker"], json!({ "type": "string" }));
        assert_eq!(output_schema("{}"), output_schema(r#"{"responseFormat":"json"}"#));
    }
}
