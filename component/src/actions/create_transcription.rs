//! Create Transcriptions: `POST /audio/transcriptions`.

use super::{Action, Output, parse};
use crate::bindings::exports::workflow::connector::actions::Outcome;
use crate::bindings::workflow::connector::{files, http};
use crate::connection::Settings;
use crate::failure::{Failure, Result};
use crate::file_entry::FileEntry;
use crate::json::input::{FromJson, members};
use crate::json::{Json, Number, Object, Value};
use crate::openai::models::has_any;
use crate::openai::request::{get, send};
use crate::openai::{param, usage::Usage};
use crate::table::{Choice, Choices, Limits, Literal, Property};

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

/// What a user fills in.
pub const PROPERTIES: &[Property] = &[
    Property {
        required: true,
        limits: &Limits {
            max_bytes: Some(26_214_400),
            accept: &["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"],
            ..Limits::NONE
        },
        ..Property::file("file", "File", "The recording.")
    },
    Property {
        required: true,
        default: Some(Literal::Text("gpt-4o-transcribe")),
        ..Property::string(
            "model",
            "Model",
            "The model that listens. Any name that the server knows can be typed.",
        )
        .select(Choices::live(&[
            Choice::text("gpt-4o-transcribe"),
            Choice::text("gpt-4o-mini-transcribe"),
            Choice::text("gpt-transcribe"),
            Choice::text("gpt-4o-transcribe-diarize").described("Tells the speakers apart."),
            Choice::text("whisper-1").described("Knows subtitles and time stamps."),
        ]))
    },
    Property::string(
        "language",
        "Language",
        "The language that is spoken, as an ISO 639-1 code such as en. Naming it makes the \
         transcript better and faster. Left empty, the model finds out.",
    )
    .select(Choices::open(LANGUAGES)),
    Property::string(
        "prompt",
        "Prompt",
        "Words and names that occur, or the end of the previous part, in the language of the \
         recording: the transcript follows its spelling and style. Leave it empty for diarize \
         models.",
    ),
    Property {
        required: true,
        default: Some(Literal::Text("json")),
        ..Property::any(
            "responseFormat",
            "Response format",
            "The shape of the transcript. All but json depend on the model: subtitles and \
             verbose_json need whisper-1, diarized_json a diarize model.",
            Choices::closed(&[
                Choice::text("srt").described("SubRip subtitles."),
                Choice::text("vtt").described("WebVTT subtitles."),
                Choice::text("json").described("An object with the text."),
                Choice::text("text").described("The bare text."),
                Choice::text("verbose_json").described("With language, duration and segments."),
                Choice::text("diarized_json").described("With segments by speaker."),
            ]),
        )
    },
    Property {
        provider_default: Some(Literal::Integer(0)),
        limits: &Limits::range(0.0, 1.0),
        ..Property::number(
            "temperature",
            "Temperature",
            "How freely the model guesses at what is unclear. At 0 it stays with what is most \
             probable.",
        )
    },
];

/// The languages of the reference page, in its order.
const LANGUAGES: &[Choice] = &[
    language("Afrikaans", "af"),
    language("Arabic", "ar"),
    language("Armenian", "hy"),
    language("Azerbaijani", "az"),
    language("Belarusian", "be"),
    language("Bosnian", "bs"),
    language("Bulgarian", "bg"),
    language("Catalan", "ca"),
    language("Chinese (Simplified)", "zh"),
    language("Croatian", "hr"),
    language("Czech", "cs"),
    language("Danish", "da"),
    language("Dutch", "nl"),
    language("Greek", "el"),
    language("Estonian", "et"),
    language("English", "en"),
    language("Finnish", "fi"),
    language("French", "fr"),
    language("Galician", "gl"),
    language("German", "de"),
    language("Hebrew", "he"),
    language("Hindi", "hi"),
    language("Hungarian", "hu"),
    language("Icelandic", "is"),
    language("Indonesian", "id"),
    language("Italian", "it"),
    language("Japanese", "ja"),
    language("Kazakh", "kk"),
    language("Kannada", "kn"),
    language("Korean", "ko"),
    language("Lithuanian", "lt"),
    language("Latvian", "lv"),
    language("Maori", "mi"),
    language("Macedonian", "mk"),
    language("Marathi", "mr"),
    language("Malay", "ms"),
    language("Nepali", "ne"),
    language("Norwegian", "no"),
    language("Persian", "fa"),
    language("Polish", "pl"),
    language("Portuguese", "pt"),
    language("Romanian", "ro"),
    language("Russian", "ru"),
    language("Slovak", "sk"),
    language("Slovenian", "sl"),
    language("Serbian", "sr"),
    language("Spanish", "es"),
    language("Swedish", "sv"),
    language("Swahili", "sw"),
    language("Tamil", "ta"),
    language("Tagalog", "tl"),
    language("Thai", "th"),
    language("Turkish", "tr"),
    language("Ukrainian", "uk"),
    language("Urdu", "ur"),
    language("Vietnamese", "vi"),
    language("Welsh", "cy"),
];

const fn language(label: &'static str, code: &'static str) -> Choice {
    Choice::labelled(label, Literal::Text(code))
}

members! {
    /// The input.
    pub struct Input<'a> {
        file: FileEntry<'a> = "file",
        model: &'a str = "model",
        language: Option<&'a str> = "language",
        prompt: Option<&'a str> = "prompt",
        response_format: &'a str = "responseFormat",
        temperature: Option<&'a Number> = "temperature",
    }
}

fn run(input: &str, _: &Settings) -> Result<Outcome> {
    let input = parse(input)?;
    let input = Input::from_json(&input)?;
    check(&input)?;
    let file = files::open(&input.file.handle()).map_err(|failure| Box::new(failure).at("file"))?;
    let file_part = http::FilePart { file: &file, name: None, mime_type: None };
    let mut parts =
        vec![http::Part { name: "file".into(), value: http::PartValue::File(file_part) }];
    parts.extend(fields(&input).into_iter().map(|(name, value)| http::Part {
        name: name.into(),
        value: http::PartValue::Text(value.into()),
    }));
    let request = http::Request {
        method: http::Method::Post,
        body: http::Body::Multipart(parts),
        ..get("/audio/transcriptions")
    };

    let answer = send(&request, &|param| param::property(param, PROPERTIES, &[]))?;
    let request_id = answer.request_id.clone();
    Ok(if is_json(input.response_format) {
        object(&input, answer.json(None)?, request_id)
    } else {
        text(&input, &answer.text()?, request_id)
    })
}

/// Refuses what the model cannot do before anything is uploaded.
fn check(input: &Input) -> Result<()> {
    let Input { model, response_format, .. } = input;
    if let Some(formats) = formats(model)
        && !formats.contains(response_format)
    {
        let message = format!(
            "`{model}` does not write `{response_format}`; it writes {}, and whisper-1 writes \
             srt, vtt, json, text and verbose_json",
            formats.join(", ")
        );
        return Err(Failure::invalid_input("responseFormat", message));
    }
    if is_diarizing(model) && input.prompt.is_some() {
        let message = format!("`{model}` takes no prompt: leave it empty");
        return Err(Failure::invalid_input("prompt", message));
    }
    Ok(())
}

/// The formats that a model writes; none for a model that is not known, and
/// so may write any.
fn formats(model: &str) -> Option<&'static [&'static str]> {
    if is_diarizing(model) {
        Some(&["json", "text", "diarized_json"])
    } else if has_prefix(model, &["gpt-4o-transcribe", "gpt-4o-mini-transcribe"]) {
        Some(&["json"])
    } else if has_prefix(model, &["whisper-1"]) {
        Some(&["srt", "vtt", "json", "text", "verbose_json"])
    } else {
        None
    }
}

fn is_diarizing(model: &str) -> bool {
    model.starts_with("gpt-4o-transcribe-diarize")
}

/// Whether a model is one of these or a dated edition of one.
fn has_prefix(model: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        model.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

/// The form's fields behind the file.
fn fields<'a>(input: &Input<'a>) -> Vec<(&'static str, &'a str)> {
    let language = input.language.map(|code| match code {
        // Workflows made for the reference page say `ma` for Maori.
        "ma" => "mi",
        code => code,
    });
    let optional = [
        ("model", Some(input.model)),
        ("language", language),
        ("prompt", input.prompt),
        ("response_format", Some(input.response_format)),
        ("temperature", input.temperature.map(Number::text)),
        // Without it, these models refuse recordings above 30 seconds.
        ("chunking_strategy", is_diarizing(input.model).then_some("auto")),
    ];
    optional.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn is_json(format: &str) -> bool {
    !matches!(format, "text" | "srt" | "vtt")
}

/// The outcome of an answer in JSON: the whole of it, as it came.
fn object(input: &Input, answer: String, request_id: Option<String>) -> Outcome {
    let whole = Value::parse(&answer).unwrap_or(Value::Null);
    let usage = whole.get("usage").map(Usage::of).and_then(|usage| usage.json());
    Outcome { output: answer, metadata: metadata(input, usage, request_id) }
}

/// The outcome of an answer in plain text. The blank line at the end of
/// subtitles belongs to their format; the line end behind a text does not
/// belong to what was said.
fn text(input: &Input, answer: &str, request_id: Option<String>) -> Outcome {
    let text = match input.response_format {
        "text" => answer.strip_suffix('\n').unwrap_or(answer),
        _ => answer,
    };
    let output = Json::of(text).text();
    Outcome { output, metadata: metadata(input, None, request_id) }
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
    let schema = match input.get("responseFormat").and_then(Value::as_str).unwrap_or("json") {
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

    /// An input with what a test is about.
    fn input(members: serde_json::Value) -> Input<'static> {
        let file = json!({
            "extension": "mp3", "mimeType": "audio/mpeg", "name": "talk.mp3", "url": "file:1",
        });
        let mut input = json!({ "file": file, "model": "whisper-1", "responseFormat": "json" });
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        Input::from_json(leaked(input)).unwrap()
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
        assert_eq!(
            fields(&input(json!({}))),
            [("model", "whisper-1"), ("response_format", "json")]
        );
    }

    #[test]
    fn everything_that_is_set_is_sent_in_the_order_of_the_table() {
        let input = input(json!({ "language": "de", "prompt": "Grüße", "temperature": 0 }));
        assert_eq!(
            fields(&input),
            [
                ("model", "whisper-1"),
                ("language", "de"),
                ("prompt", "Grüße"),
                ("response_format", "json"),
                ("temperature", "0"),
            ]
        );
    }

    #[test]
    fn maori_is_sent_by_its_iso_code() {
        assert_eq!(LANGUAGES.len(), 57);
        for code in ["ma", "mi"] {
            let fields = fields(&input(json!({ "language": code })));
            assert!(fields.contains(&("language", "mi")));
        }
    }

    #[test]
    fn long_recordings_reach_the_diarizing_model() {
        let fields = fields(&input(json!({ "model": "gpt-4o-transcribe-diarize" })));
        assert_eq!(fields.last(), Some(&("chunking_strategy", "auto")));
    }

    #[test]
    fn models_write_different_formats() {
        let all = ["srt", "vtt", "json", "text", "verbose_json", "diarized_json"];
        for (model, expected) in [
            ("gpt-4o-transcribe", &["json"] as &[_]),
            ("gpt-4o-mini-transcribe-2025-12-15", &["json"]),
            ("gpt-4o-transcribe-diarize", &["json", "text", "diarized_json"]),
            ("whisper-1", &["srt", "vtt", "json", "text", "verbose_json"]),
            ("gpt-transcribe", &all),
            ("Systran/faster-whisper-small", &all),
        ] {
            let accepted = all.into_iter().filter(|format| {
                check(&input(json!({ "model": model, "responseFormat": format }))).is_ok()
            });
            assert_eq!(accepted.collect::<Vec<_>>(), expected, "{model}");
        }
    }

    #[test]
    fn a_format_that_the_model_does_not_write_is_refused_with_what_it_does() {
        let input = input(json!({ "model": "gpt-4o-transcribe", "responseFormat": "srt" }));
        let failure = check(&input).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidInput);
        assert_eq!(failure.property.as_deref(), Some("responseFormat"));
        assert_eq!(
            failure.message,
            "`gpt-4o-transcribe` does not write `srt`; it writes json, and whisper-1 writes srt, \
             vtt, json, text and verbose_json"
        );
        assert!(!failure.request_sent);
    }

    #[test]
    fn the_diarizing_model_takes_no_prompt() {
        let input = input(json!({ "model": "gpt-4o-transcribe-diarize", "prompt": "x" }));
        assert_eq!(check(&input).unwrap_err().property.as_deref(), Some("prompt"));
    }

    #[test]
    fn an_object_is_returned_whole_and_unchanged() {
        let answer = r#"{"text":"Hi","segments":[{"end":0.8199999928474426}],"usage":{"type":"duration","seconds":9}}"#;
        let outcome = object(&input(json!({})), answer.into(), Some("req_1".into()));
        assert_eq!(outcome.output, answer);
        assert_eq!(
            outcome.metadata,
            r#"{"model":"whisper-1","usage":{"seconds":9},"requestId":"req_1"}"#
        );
    }

    #[test]
    fn a_text_loses_the_line_end_and_subtitles_keep_it() {
        let output =
            |format, answer| text(&input(json!({ "responseFormat": format })), answer, None).output;
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
