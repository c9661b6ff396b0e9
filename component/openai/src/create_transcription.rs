//! Create Transcriptions: `POST /audio/transcriptions`.
//!
//! [`language`] defines the language codes. [`transcript`](crate::transcript)
//! defines what each model supports and reads the response.

mod language;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connector_sdk::http::Form;
use connector_sdk::property::Shape;
use connector_sdk::{
    Effects, Example, Failure, FileEntry, Options, OptionsRequest, Outcome, Output, Properties,
    Result, Run, Settings, events, http,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use self::language::{Language, language};
use crate::transcript::{self, AUDIO_EXTENSIONS, Answer, MAX_AUDIO, models, shapes};
use crate::{parameters, rules};

/// Transcribes audio to text in the spoken language.
#[serde_with::skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct CreateTranscription {
    /// The audio file to transcribe.
    #[serde(skip_serializing)]
    #[property(max_bytes = MAX_AUDIO, accept = AUDIO_EXTENSIONS)]
    file: FileEntry,
    /// The transcription model to use. You can enter any model the server supports.
    #[property(default = "gpt-4o-transcribe", live, open_choices(
        "gpt-4o-transcribe": "OpenAI shuts it down on 2027-02-26.",
        "gpt-4o-mini-transcribe": "OpenAI shuts it down on 2027-02-26.",
        "gpt-transcribe": "Accepts keywords and several languages.",
        "gpt-4o-transcribe-diarize":
            "Identifies speakers. OpenAI shuts it down on 2027-02-26.",
        "whisper-1":
            "Supports subtitles and timestamps. OpenAI shuts it down on 2027-02-26.",
    ))]
    model: String,
    /// The spoken language, as an ISO 639-1 code such as en. Tags such as en-US and English
    /// names are converted. Setting it improves accuracy and speed. Leave empty or enter auto
    /// to detect the language automatically.
    #[property(open_choices = language::CHOICES)]
    language: Option<String>,
    /// Text that guides spelling and style, such as names that occur in the audio or the end of
    /// the previous segment, in the language of the audio. Leave empty for diarization models.
    prompt: Option<String>,
    /// The format of the transcript. Every model supports json. Subtitles and verbose_json
    /// require whisper-1, and diarized_json a diarization model.
    #[property(label = "Response format", default = "json", choices(
        "srt": "SubRip subtitles.",
        "vtt": "WebVTT subtitles.",
        "json": "An object with the text.",
        "text": "Plain text.",
        "verbose_json": "An object with language, duration and segments.",
        "diarized_json": "An object with a speaker for each segment.",
    ))]
    response_format: Value,
    /// Controls randomness. At 0, the model keeps to the most likely words; higher values let
    /// it guess more freely where the audio is unclear.
    #[property(minimum = 0, maximum = 1, provider_default = 0)]
    temperature: Option<Number>,
    /// Which timestamps to include. Leave empty for segments only.
    #[property(advanced, group = "Output", when(response_format = "verbose_json"))]
    #[property(choices("segment": "For each segment.", "word": "For each word."))]
    timestamp_granularities: Option<Vec<String>>,
    /// Whether the output includes the log probability of each token. Supported by
    /// gpt-4o-transcribe and gpt-4o-mini-transcribe.
    #[property(advanced, group = "Output", provider_default = false)]
    include_logprobs: Option<bool>,
    /// Speakers whose voices a diarization model should recognize. Other speakers are labeled
    /// A, B and so on.
    #[property(advanced, group = "Speakers", max_items = 4)]
    known_speakers: Option<Vec<Speaker>>,
    /// How to split long audio: "auto", or an object with the type server_vad and its
    /// settings. Diarization models use "auto" if this is empty.
    #[property(advanced, group = "Recording", open_choices("auto": "Split at pauses."))]
    chunking_strategy: Option<Value>,
    /// The languages that may be spoken in multilingual audio, each in the same form as
    /// Language. gpt-transcribe only.
    #[property(advanced, group = "Recording")]
    languages: Option<Vec<String>>,
    /// Words that are likely to occur. gpt-transcribe only.
    #[property(advanced, group = "Recording")]
    keywords: Option<Vec<String>>,
}

#[derive(Deserialize, Serialize, Properties)]
struct Speaker {
    /// The speaker's name.
    name: String,
    /// A sample of the speaker's voice alone, 2 to 10 seconds long.
    #[property(max_bytes = 4 << 20, accept = AUDIO_EXTENSIONS)]
    recording: FileEntry,
}

impl Run for CreateTranscription {
    const TITLE: &str = "Create Transcriptions";
    const HELP: &str = include_str!("create_transcription.md");
    const GROUP: &str = "Audio";
    const EFFECTS: Effects = Effects::BILLED;
    const EXAMPLES: &[Example] = &[
        Example { title: "A transcript", input: r#"{"file": {"url": "talk.mp3"}}"# },
        Example {
            title: "A transcript with speakers",
            input: r#"{
                "file": {"url": "meeting.mp3"},
                "model": "gpt-4o-transcribe-diarize",
                "responseFormat": "diarized_json"
            }"#,
        },
        Example {
            title: "Subtitles",
            input: r#"{
                "file": {"url": "film.mp4"},
                "model": "whisper-1",
                "responseFormat": "srt"
            }"#,
        },
    ];

    type Output = Value;
    const OUTPUT: Output = Output::Dynamic(&[
        shapes::Json::SHAPE,
        shapes::TEXT,
        shapes::SUBTITLES,
        shapes::Verbose::SHAPE,
        shapes::Diarized::SHAPE,
    ]);

    fn run(self, _: &Settings) -> Result<Outcome<Value>> {
        let format = self.response_format.as_str().unwrap_or_default();
        let parameters = parameters::given(&self)?;
        rules::check(models::RULES, &self.model, &parameters)?;
        // Subtitles are useless until they are complete.
        let is_streamed = events::streaming()
            && models::streams(&self.model)
            && matches!(format, "json" | "text" | "diarized_json");
        let file = self.file.open().map_err(|failure| failure.inside("file"))?;
        let mut form = Form::new().file("file", &file);
        for (name, value) in self.fields(parameters)? {
            form = form.text(name, value);
        }
        if is_streamed {
            form = form.text("stream", true);
        }
        let response = http::post("/audio/transcriptions").multipart(form).send()?;
        let answer = if is_streamed && response.has_type("text/event-stream") {
            Answer::streamed(&response, format)
        } else {
            Answer::read(&response, format)
        };
        let answer = answer.map_err(|failure| failure.answered_by(&response))?;
        answer.outcome(&self.model, response.request_id())
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        let is_likely = |id: &str| crate::models::has_any(id, &["transcribe", "whisper"]);
        crate::models::options(request, Self::PROPERTIES, is_likely)
    }

    fn output_schema(input: Value, _: &Settings) -> Result<Value> {
        Ok(transcript::output_schema(&input))
    }
}

impl CreateTranscription {
    /// The form fields that follow the file.
    fn fields(&self, parameters: Map<String, Value>) -> Result<Vec<(String, String)>> {
        let mut fields = Vec::new();
        let mut add = |name: &str, value: String| fields.push((name.to_owned(), value));
        for (name, value) in parameters {
            match (name.as_str(), value) {
                ("language", Value::String(text)) => {
                    if let Some(code) = code("language", &text)? {
                        add("language", code.to_owned());
                    }
                }
                ("languages", _) => {
                    for code in self.codes()? {
                        add("languages[]", code.to_owned());
                    }
                }
                ("include_logprobs", value) => {
                    if value == true {
                        add("include[]", "logprobs".to_owned());
                    }
                }
                ("known_speakers", _) => {
                    for (index, Speaker { name, recording }) in
                        self.known_speakers.iter().flatten().enumerate()
                    {
                        let place = format!("knownSpeakers[{index}]");
                        let voice = data_url(recording)
                            .map_err(|failure| failure.inside("recording").inside(&place))?;
                        add("known_speaker_names[]", name.clone());
                        add("known_speaker_references[]", voice);
                    }
                }
                (name, value) => {
                    for (name, value) in parameters::fields(name, value) {
                        add(&name, value);
                    }
                }
            }
        }
        // Without it, these models reject audio longer than 30 seconds.
        if self.chunking_strategy.is_none() && models::is_diarizing(&self.model) {
            add("chunking_strategy", "auto".to_owned());
        }
        Ok(fields)
    }

    /// The codes of the languages that may be spoken, without duplicates.
    fn codes(&self) -> Result<Vec<&'static str>> {
        let mut codes = Vec::new();
        for (index, text) in self.languages.iter().flatten().enumerate() {
            let code = code(&format!("languages[{index}]"), text)?;
            codes.extend(code.filter(|code| !codes.contains(code)));
        }
        Ok(codes)
    }
}

/// The code of a language, or `None` if the model should detect it.
fn code(property: &str, text: &str) -> Result<Option<&'static str>> {
    match language(text) {
        Some(Language::Code(code)) => Ok(Some(code)),
        Some(Language::Detect) => Ok(None),
        None => {
            let message = format!(
                "`{property}` must be an ISO 639-1 code such as `de`, or the English name of a \
                 listed language (got `{text}`)"
            );
            Err(Failure::invalid_input(property, message))
        }
    }
}

/// A recording of a few seconds as a `data:` URL (RFC 2397).
fn data_url(recording: &FileEntry) -> Result<String> {
    let bytes = recording.open()?.read(0, u32::MAX)?;
    Ok(format!("data:{};base64,{}", recording.mime_type, STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use connector_sdk::FailureKind;
    use connector_sdk::testing::{self, Answer, Host};
    use serde_json::json;

    use super::*;
    use crate::CONNECTOR;

    const MODEL: &str = "gpt-transcribe";

    /// Runs the action on an audio file.
    fn run(host: &Host, members: Value) -> Result<testing::Outcome> {
        let file = host.file("talk.mp3", "audio/mpeg", b"talk");
        let mut input = json!({ "file": file, "model": MODEL });
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        host.run("createTranscription", input)
    }

    /// The form fields that follow the file, each as `name=value`.
    fn form(members: Value) -> Result<Vec<String>> {
        let host = Host::new(&CONNECTOR).answer(Answer::content(200, "text/plain", "Hi"));
        run(&host, members)?;
        let body = host.requests().remove(0).body;
        let field = |field: &Value| format!("{}={}", field[0], field[1]).replace('"', "");
        let fields: Vec<_> = body.as_array().unwrap().iter().map(field).collect();
        assert_eq!(fields[0], "file=<talk.mp3>");
        Ok(fields[1..].to_vec())
    }

    /// The outcome of a response with this content.
    fn answered(format: &str, mime_type: &str, content: &str) -> Result<testing::Outcome> {
        let answer = Answer::content(200, mime_type, content).header("x-request-id", "req_1");
        run(&Host::new(&CONNECTOR).answer(answer), json!({ "responseFormat": format }))
    }

    #[test]
    fn sends_the_properties_as_form_fields() {
        let everything = json!({
            "model": "another", "language": "de", "prompt": "Grüße", "temperature": 0,
            "responseFormat": "text", "timestampGranularities": ["word", "segment"],
            "includeLogprobs": true, "chunkingStrategy": { "type": "server_vad" },
            "languages": ["de-AT", "auto", "English", "ger"], "keywords": ["Gruß"],
        });
        let form_of_all = [
            "model=another",
            "language=de",
            "prompt=Grüße",
            "response_format=text",
            "temperature=0",
            "timestamp_granularities[]=word",
            "timestamp_granularities[]=segment",
            "include[]=logprobs",
            "chunking_strategy[type]=server_vad",
            "languages[]=de",
            "languages[]=en",
            "keywords[]=Gruß",
        ];
        assert_eq!(form(everything).unwrap(), form_of_all);

        let off = json!({ "includeLogprobs": false, "languages": [], "language": "auto" });
        assert_eq!(form(off).unwrap(), ["model=gpt-transcribe", "response_format=json"]);
    }

    #[test]
    fn diarization_models_split_long_audio() {
        let model = "gpt-4o-transcribe-diarize";
        let strategy = |members| form(members).unwrap().pop().unwrap();
        let text = "text";
        assert_eq!(
            strategy(json!({ "model": model, "responseFormat": text })),
            "chunking_strategy=auto"
        );
        let own = json!({ "type": "server_vad" });
        assert_eq!(
            strategy(json!({ "model": model, "responseFormat": text, "chunkingStrategy": own })),
            "chunking_strategy[type]=server_vad"
        );
    }

    #[test]
    fn rejects_an_unknown_language() {
        for (members, property) in [
            (json!({ "language": "klingon" }), "language"),
            (json!({ "languages": ["de", "klingon"] }), "languages[1]"),
        ] {
            let failure = form(members).unwrap_err();
            assert_eq!(failure.property.as_deref(), Some(property));
            assert!(failure.message.contains(&format!("`{property}`")), "{failure}");
        }
    }

    #[test]
    fn converts_a_response_in_another_format_if_possible() {
        let (json_, plain) = ("application/json", "text/plain; charset=utf-8");
        for (format, mime_type, content, expected) in [
            ("json", json_, r#"{"text":"Hi","x":1}"#, Some(json!({ "text": "Hi", "x": 1 }))),
            ("json", json_, "{\"text\":\"Hi\"}\ndata: [DONE]", Some(json!({ "text": "Hi" }))),
            ("json", json_, r#"{"text":"cut \ud83d"}"#, Some(json!({ "text": "cut \u{fffd}" }))),
            ("json", plain, "Hi\n", Some(json!({ "text": "Hi" }))),
            ("json", json_, "Hi", None),
            ("json", json_, "{}", None),
            ("json", json_, r#"{"text":null}"#, None),
            (
                "verbose_json",
                json_,
                r#"{"text":"a","language":null,"duration":"8.47"}"#,
                Some(json!({ "text": "a", "duration": 8.47 })),
            ),
            ("verbose_json", plain, "Hi", None),
            ("text", plain, "Hi\n", Some(json!("Hi"))),
            ("text", plain, "Hi\n\n", Some(json!("Hi\n"))),
            ("text", json_, r#"{"text":"Hi"}"#, Some(json!("Hi"))),
            ("text", json_, r#""Hi""#, Some(json!("Hi"))),
            ("text", plain, "data: {\"text\":\"Hi\"}\n\n", Some(json!("Hi"))),
            ("text", plain, "<!DOCTYPE html>", None),
            ("text", "text/html", "<p>", None),
            ("vtt", plain, "WEBVTT\n\n", Some(json!("WEBVTT\n\n"))),
            ("vtt", plain, "Hi", None),
            ("srt", plain, "", Some(json!(""))),
            ("srt", plain, "1\n0 --> 1\nHi\n", Some(json!("1\n0 --> 1\nHi\n"))),
            ("srt", json_, r#"{"text":"Hi"}"#, None),
        ] {
            let outcome = answered(format, mime_type, content);
            if let Err(failure) = &outcome {
                assert_eq!(failure.kind, FailureKind::InvalidOutput, "{format}: {content}");
            }
            assert_eq!(outcome.ok().map(|outcome| outcome.output), expected, "{format}: {content}");
        }
        let error = r#"{"error":{"message":"Slow down","code":429}}"#;
        let failure = answered("json", json_, error).unwrap_err();
        assert_eq!(failure.kind, FailureKind::RateLimited);
    }

    #[test]
    fn token_counts_are_metadata() {
        let content = r#"{"text":"Hi","usage":{"type":"duration","seconds":9}}"#;
        let testing::Outcome { output, metadata } =
            answered("json", "application/json", content).unwrap();
        assert_eq!(output, json!({ "text": "Hi" }));
        let expected = json!({ "model": MODEL, "usage": { "seconds": 9 }, "requestId": "req_1" });
        assert_eq!(json!(metadata), expected);
    }

    #[test]
    fn reports_and_assembles_a_stream() {
        let segment = json!({ "type": "transcript.text.segment", "id": "s1", "speaker": "A" });
        let events = [
            json!({ "type": "transcript.text.delta", "delta": "Grüß " }),
            segment.clone(),
            json!({ "type": "transcript.text.delta", "delta": "dich" }),
            json!({ "type": "transcript.text.other" }),
            json!({ "type": "transcript.text.done", "usage": { "total_tokens": 5 } }),
        ];
        let whole = json!({ "text": "Grüß dich", "segments": [segment] });
        for (format, expected) in [("diarized_json", whole), ("text", json!("Grüß dich"))] {
            let host = Host::new(&CONNECTOR).streaming().answer(Answer::events(&events));
            let outcome = run(&host, json!({ "responseFormat": format })).unwrap();
            assert_eq!(outcome.output, expected);
            assert_eq!(outcome.metadata["usage"], json!({ "totalTokens": 5 }));
            let text = |event: &Value| event["text"].as_str().unwrap().to_owned();
            assert_eq!(host.events().iter().map(text).collect::<String>(), "Grüß dich");
        }
    }

    #[test]
    fn a_stream_that_ends_early_keeps_its_text() {
        let delta = json!({ "type": "transcript.text.delta", "delta": "half" }).to_string();
        for events in [vec![delta.clone()], vec![delta, "[DONE]".to_owned()]] {
            let host = Host::new(&CONNECTOR).streaming().answer(Answer::events(events));
            let failure = run(&host, json!({})).unwrap_err();
            assert_eq!(failure.message, "the transcript ended early");
            assert_eq!(failure.detail.as_deref(), Some("half"));
        }
    }

    #[test]
    fn the_format_determines_the_output() {
        let schema =
            |input| Host::new(&CONNECTOR).output_schema("createTranscription", input).unwrap();
        let json_ = json!({
            "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"],
        });
        assert_eq!(schema(json!({})), json_);
        assert_eq!(schema(json!({ "responseFormat": "json" })), json_);
        for format in ["text", "srt", "vtt"] {
            assert_eq!(schema(json!({ "responseFormat": format })), json!({ "type": "string" }));
        }
        let diarized = schema(json!({ "responseFormat": "diarized_json" }));
        let segment = &diarized["properties"]["segments"]["items"];
        assert_eq!(segment["properties"]["speaker"], json!({ "type": "string" }));
        assert_eq!(segment.get("required"), None);
    }
}
