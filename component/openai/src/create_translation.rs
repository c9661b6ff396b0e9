//! Create Translation: `POST /audio/translations`.
//!
//! The response is a [`transcript`](crate::transcript) in English.

use connector_sdk::http::{self, Form};
use connector_sdk::{
    Effects, Example, Failure, FileEntry, Options, OptionsRequest, Outcome, Output, Properties,
    Result, Run, Settings, Shape,
};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::parameters::form_text;
use crate::transcript::{self, AUDIO_EXTENSIONS, Answer, MAX_AUDIO, shapes};
use crate::{models, parameters};

/// Translates speech into English text.
#[serde_with::skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct CreateTranslation {
    /// The audio file to translate. The language is detected automatically.
    #[serde(skip_serializing)]
    #[property(max_bytes = MAX_AUDIO, accept = AUDIO_EXTENSIONS)]
    file: FileEntry,
    /// The translation model to use. You can enter any model the server supports.
    #[property(default = "whisper-1", live)]
    #[property(open_choices(
        "whisper-1": "OpenAI's only model that translates. OpenAI shuts it down on 2027-02-26.",
    ))]
    model: String,
    /// Text in English that guides spelling and style, such as names that occur in the audio or
    /// the end of the previous segment.
    prompt: Option<String>,
    /// The format of the translation.
    #[property(label = "Response format", default = "json", choices(
        "json": "An object with the text.",
        "text": "Plain text.",
        "srt": "SubRip subtitles.",
        "vtt": "WebVTT subtitles.",
        "verbose_json": "An object with duration and segments.",
    ))]
    response_format: String,
    /// Controls randomness. At 0, the model keeps to the most likely words and raises the
    /// temperature only where the audio is unclear; higher values let it guess more freely.
    #[property(minimum = 0, maximum = 1, provider_default = 0)]
    temperature: Option<Number>,
}

impl Run for CreateTranslation {
    const HELP: &str = include_str!("create_translation.md");
    const GROUP: &str = "Audio";
    const EFFECTS: Effects = Effects::BILLED;
    const EXAMPLES: &[Example] = &[
        Example {
            title: "An interview as English text",
            input: r#"{"file": {"url": "interview.mp3"}}"#,
        },
        Example {
            title: "English subtitles for a film",
            input: r#"{"file": {"url": "film.mp4"}, "responseFormat": "srt"}"#,
        },
        Example {
            title: "Text with timestamps and correctly spelled names",
            input: r#"{
                "file": {"url": "meeting.m4a"},
                "prompt": "A meeting of Jürgen Müßig and Siobhán Ní Bhriain.",
                "responseFormat": "verbose_json"
            }"#,
        },
    ];

    type Output = Value;
    const OUTPUT: Output = Output::Dynamic(&[
        shapes::Json::SHAPE,
        shapes::TEXT,
        shapes::SUBTITLES,
        shapes::Verbose::SHAPE,
    ]);

    fn run(self, _: &Settings) -> Result<Outcome<Value>> {
        if !transcript::models::translates(&self.model) {
            let message = format!(
                "`model` must be whisper-1 or another model that translates: `{}` only transcribes",
                self.model
            );
            return Err(Failure::invalid_input("model", message));
        }
        let file = self.file.open().map_err(|failure| failure.inside("file"))?;
        let mut form = Form::new().file("file", &file);
        for (name, value) in parameters::given(&self)? {
            form = form.text(name, form_text(value));
        }
        let response = http::post("/audio/translations").multipart(form).send()?;
        let answer = Answer::read(&response, &self.response_format);
        let answer = answer.map_err(|failure| failure.answered_by(&response))?;
        answer.outcome(&self.model, response.request_id())
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        let is_likely = |id: &str| models::has_any(id, &["whisper", "translat"]);
        models::options(request, Self::PROPERTIES, is_likely)
    }

    fn output_schema(input: Value, _: &Settings) -> Result<Value> {
        Ok(transcript::output_schema(&input))
    }
}

#[cfg(test)]
mod tests {
    use connector_sdk::FailureKind;
    use connector_sdk::testing::{self, Answer, Host};
    use serde_json::json;

    use super::*;
    use crate::CONNECTOR;

    /// Runs the action on an audio file.
    fn run(host: &Host, members: Value) -> Result<testing::Outcome> {
        let mut input = json!({ "file": host.file("rede.mp3", "audio/mpeg", b"talk") });
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        host.run("createTranslation", input)
    }

    /// Runs the action against a response with this content.
    fn answered(format: &str, mime_type: &str, content: &str) -> Result<testing::Outcome> {
        let answer = Answer::content(200, mime_type, content).header("x-request-id", "req_1");
        let host = Host::new(&CONNECTOR).answer(answer);
        run(&host, json!({ "responseFormat": format }))
    }

    #[test]
    fn sends_the_file_and_what_is_given() {
        for (members, expected) in [
            (
                json!({}),
                json!([
                    ["file", "<rede.mp3>"],
                    ["model", "whisper-1"],
                    ["response_format", "json"],
                ]),
            ),
            (
                json!({
                    "model": "another", "prompt": "Grüße", "responseFormat": "vtt",
                    "temperature": 0,
                }),
                json!([
                    ["file", "<rede.mp3>"],
                    ["model", "another"],
                    ["prompt", "Grüße"],
                    ["response_format", "vtt"],
                    ["temperature", "0"],
                ]),
            ),
        ] {
            let host = Host::new(&CONNECTOR).streaming();
            let host = host.answer(Answer::content(200, "text/vtt", "WEBVTT"));
            // The request matters, not the response.
            let _ = run(&host, members);
            let request = host.requests().remove(0);
            assert_eq!(request.to_string(), "POST /audio/translations");
            assert_eq!(request.body, expected);
        }
    }

    #[test]
    fn rejects_models_that_only_transcribe() {
        for (model, is_refused) in [
            ("gpt-4o-transcribe", true),
            ("gpt-4o-mini-transcribe-2025-12-15", true),
            ("gpt-4o-transcribe-diarize", true),
            ("gpt-transcribe", true),
            ("whisper-1", false),
            ("Systran/faster-whisper-small", false),
        ] {
            let host = Host::new(&CONNECTOR).answer(Answer::json(200, json!({ "text": "Hi" })));
            let failure = run(&host, json!({ "model": model })).err();
            assert_eq!(failure.is_some(), is_refused, "{model}");
            assert_eq!(host.requests().is_empty(), is_refused, "{model}");
            if let Some(failure) = failure {
                assert_eq!(failure.property.as_deref(), Some("model"));
                assert!(failure.message.contains(&format!("`{model}`")), "{failure}");
            }
        }
    }

    #[test]
    fn returns_the_translation_in_the_requested_format() {
        let (json_, plain) = ("application/json", "text/plain; charset=utf-8");
        let srt = "1\n00:00:00,000 --> 00:00:01,000\nHi\n\n";
        let verbose = r#"{"language":"english","duration":"1.5","text":"Hi","segments":null}"#;
        for (format, mime_type, content, expected) in [
            ("json", json_, r#"{"text":"Hi"}"#, Some(json!({ "text": "Hi" }))),
            ("json", plain, "Hi\n", Some(json!({ "text": "Hi" }))),
            ("text", plain, "Hi\n", Some(json!("Hi"))),
            ("text", json_, r#"{"text":"Hi"}"#, Some(json!("Hi"))),
            ("srt", plain, srt, Some(json!(srt))),
            ("vtt", plain, "WEBVTT\n", Some(json!("WEBVTT\n"))),
            (
                "verbose_json",
                json_,
                verbose,
                Some(json!({ "language": "english", "duration": 1.5, "text": "Hi" })),
            ),
            ("srt", json_, r#"{"text":"Hi"}"#, None),
            ("json", json_, "{}", None),
            ("json", json_, r#"{"text":["Hi"]}"#, None),
            ("json", json_, "", None),
            ("text", "text/html", "<html>", None),
        ] {
            let outcome = answered(format, mime_type, content);
            if let Err(failure) = &outcome {
                assert_eq!(failure.kind, FailureKind::InvalidOutput, "{format}: {content}");
                assert_eq!(failure.request_id.as_deref(), Some("req_1"), "{format}: {content}");
            }
            assert_eq!(outcome.ok().map(|outcome| outcome.output), expected, "{format}: {content}");
        }
    }

    #[test]
    fn an_error_in_place_of_a_translation_becomes_the_failure() {
        let error = r#"{"error":{"message":"Slow down","code":429}}"#;
        let failure = answered("json", "application/json", error).unwrap_err();
        assert_eq!((failure.kind, &*failure.message), (FailureKind::RateLimited, "Slow down"));

        let error = json!({ "error": { "message": "Too long.", "param": "prompt" } });
        let host = Host::new(&CONNECTOR).answer(Answer::json(400, error));
        let failure = run(&host, json!({})).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some("prompt"));
    }

    #[test]
    fn token_counts_are_metadata() {
        let content = r#"{"text":"Hi","usage":{"type":"duration","seconds":9}}"#;
        let testing::Outcome { output, metadata } =
            answered("json", "application/json", content).unwrap();
        assert_eq!(output, json!({ "text": "Hi" }));
        let expected =
            json!({ "model": "whisper-1", "usage": { "seconds": 9 }, "requestId": "req_1" });
        assert_eq!(json!(metadata), expected);
    }

    #[test]
    fn the_format_determines_the_output() {
        let schema = |format: &str| {
            let input = json!({ "responseFormat": format });
            Host::new(&CONNECTOR).output_schema("createTranslation", input).unwrap()
        };
        assert_eq!(schema("srt"), json!({ "type": "string" }));
        assert_eq!(schema("json")["required"], json!(["text"]));
        assert!(schema("verbose_json")["properties"]["segments"].is_object());
    }
}
