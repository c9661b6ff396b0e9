//! Text-To-Speech: `POST /audio/speech`.

use connector_sdk::http::Response;
use connector_sdk::property::{Property, Shape};
use connector_sdk::{
    Effects, Example, Failure, FileEntry, Options, OptionsRequest, Outcome, Output, Properties,
    Result, Run, Settings, errors, http,
};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

use crate::rules::{Rule, Takes, rule};
use crate::{models, parameters, rules};

/// Converts text to speech and returns the audio as a file.
#[serde_with::skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct CreateSpeech {
    /// The text-to-speech model to use. You can enter any model the server supports.
    #[property(default = "gpt-4o-mini-tts", live, open_choices(
        "gpt-4o-mini-tts": "OpenAI shuts it down on 2027-01-06.",
        "tts-1": "Fast. OpenAI shuts it down on 2027-01-06.",
        "tts-1-hd":
            "Better quality than tts-1, but slower. OpenAI shuts it down on 2027-01-06.",
    ))]
    model: String,
    /// The text to read aloud. OpenAI's models accept up to 4096 characters: split longer
    /// text and run the action once for each part.
    #[property(placeholder = "Good morning!")]
    input: String,
    /// The voice to use. You can also enter any voice the server supports, or a custom voice
    /// as {"id": "voice_…"}.
    #[property(open_choices(
        "alloy", "onyx", "fable", "echo", "shimmer", "nova", "ash", "ballad", "coral", "sage",
        "verse", "marin", "cedar",
    ))]
    voice: Value,
    /// The audio format.
    #[property(label = "Response format", provider_default = "mp3", choices(
        "mp3",
        "aac",
        "flac": "Lossless.",
        "opus": "Small files, designed for streaming.",
        "wav": "Uncompressed.",
        "pcm": "Raw samples without a header.",
    ))]
    response_format: Option<Value>,
    /// The speed of the voice: 2 is twice as fast as normal.
    #[property(minimum = 0.25, maximum = 4, provider_default = 1)]
    speed: Option<Number>,
    /// How to speak the text, such as the tone, pace or mood. Not supported by tts-1 and
    /// tts-1-hd.
    #[property(advanced, control = text_area, placeholder = "Calm, with a slight smile.")]
    instructions: Option<String>,
}

/// OpenAI's own models. Models of other servers have other limits, or none.
const OPENAI: &[&str] = &["gpt-4o-mini-tts", "tts-1", "tts-1-hd"];
const TTS_1: &[&str] = &["tts-1", "tts-1-hd"];

/// What each parameter accepts, as of August 2026. See
/// <https://platform.openai.com/docs/api-reference/audio/createSpeech>.
const RULES: &[Rule] = &[
    rule(OPENAI, "input", Takes::Characters(4096)),
    rule(TTS_1, "instructions", Takes::Nothing("use gpt-4o-mini-tts instead")),
    rule(OPENAI, "instructions", Takes::Characters(4096)),
];

impl Run for CreateSpeech {
    const TITLE: &str = "Text-To-Speech";
    const HELP: &str = include_str!("create_speech.md");
    const GROUP: &str = "Audio";
    const TEXT_PROPERTY: &str = "input";
    const EFFECTS: Effects = Effects::BILLED;
    const EXAMPLES: &[Example] = &[
        Example { title: "A greeting", input: r#"{"input": "Good morning!", "voice": "alloy"}"# },
        Example {
            title: "A sad voice in a small file",
            input: r#"{
                "input": "The last train has left.",
                "voice": "sage",
                "responseFormat": "opus",
                "instructions": "Quiet and a little sad."
            }"#,
        },
        Example {
            title: "A slow announcement for a telephone system",
            input: r#"{
                "input": "All our lines are busy. Please hold.",
                "voice": "nova",
                "responseFormat": "wav",
                "speed": 0.9
            }"#,
        },
    ];

    type Output = FileEntry;
    const OUTPUT: Output =
        Output::Fixed(&Property { description: "The audio file.", ..FileEntry::SHAPE });

    fn run(self, _: &Settings) -> Result<Outcome<FileEntry>> {
        let format = self.response_format.as_ref().map_or(Some("mp3"), Value::as_str);
        let (format, mime_type) = format.and_then(audio_type).ok_or_else(|| {
            let message = "`responseFormat` must be one of: mp3, aac, flac, opus, wav, pcm";
            Failure::invalid_input("responseFormat", message)
        })?;
        check_voice(&self.voice)?;
        let body = parameters::given(&self)?;
        rules::check(RULES, &self.model, &body)?;
        let response = http::post("/audio/speech").json(&body).send()?;
        let (format, mime_type) = if is_pcm(&response) { PCM } else { (format, mime_type) };
        // The host adapts the name and type to the content.
        let entry = response.save(&format!("speech.{format}"), mime_type)?;
        if !entry.mime_type.starts_with("audio/") {
            return Err(no_audio(&entry)?.answered_by(&response));
        }
        let metadata = json!({ "model": self.model, "requestId": response.request_id() });
        Outcome::new(entry).with_metadata(&metadata)
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        let is_likely = |id: &str| models::has_any(id, &["tts", "speech", "kokoro", "piper"]);
        models::options(request, Self::PROPERTIES, is_likely)
    }
}

/// The extension and media type of raw samples.
const PCM: (&str, &str) = ("pcm", "audio/pcm");

/// The extension and media type of audio in a format.
fn audio_type(format: &str) -> Option<(&str, &'static str)> {
    let mime_type = match format {
        "mp3" => "audio/mpeg",
        "opus" => "audio/ogg",
        "aac" => "audio/aac",
        "flac" => "audio/flac",
        "wav" => "audio/wav",
        "pcm" => return Some(PCM),
        _ => return None,
    };
    Some((format, mime_type))
}

/// Checks that a voice is a name, or an object with the ID of a custom voice.
fn check_voice(voice: &Value) -> Result<()> {
    let is_custom = |voice: &Value| {
        voice.as_object().is_some_and(|members| members.len() == 1)
            && voice.get("id").is_some_and(Value::is_string)
    };
    if voice.is_string() || is_custom(voice) {
        return Ok(());
    }
    let message = "`voice` must be a name such as \"alloy\", or {\"id\": \"voice_…\"}";
    Err(Failure::invalid_input("voice", message))
}

/// Whether a response is labeled as raw samples, which the content alone does
/// not reveal.
fn is_pcm(response: &Response) -> bool {
    let names = ["audio/pcm", "audio/x-pcm", "audio/l16", "audio/raw", "audio/x-raw"];
    names.iter().any(|name| response.has_type(name))
}

/// The maximum number of bytes to read from a response that is not audio.
const MAX_TEXT: u32 = 16 * 1024;

/// The failure for a response that is not audio, with its text.
fn no_audio(entry: &FileEntry) -> Result<Failure> {
    let message = "the provider returned no audio";
    if !entry.mime_type.starts_with("text/") {
        return Ok(Failure::invalid_output(format!("{message} (got {})", entry.mime_type)));
    }
    let text = entry.open()?.read(0, MAX_TEXT)?;
    Ok(errors::instead(message, &String::from_utf8_lossy(&text)))
}

#[cfg(test)]
mod tests {
    use connector_sdk::testing::{self, Answer, Host};

    use super::*;
    use crate::CONNECTOR;

    /// The minimal input with these additional members.
    fn input(members: Value) -> Value {
        let mut input = json!({ "input": "Hi", "voice": "alloy" });
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    }

    /// Runs the action against a response with this content.
    fn run(members: Value, mime_type: &str, content: &str) -> Result<testing::Outcome> {
        let answer = Answer::content(200, mime_type, content).header("x-request-id", "req_1");
        Host::new(&CONNECTOR).answer(answer).run("createSpeech", input(members))
    }

    #[test]
    fn returns_the_audio_as_a_file() {
        for (members, called, name, mime_type) in [
            (json!({}), "audio/mpeg", "speech.mp3", "audio/mpeg"),
            (json!({ "responseFormat": "opus" }), "audio/ogg", "speech.opus", "audio/ogg"),
            (json!({ "responseFormat": "pcm" }), "text/plain", "speech.pcm", "audio/pcm"),
            // The label matters only for raw samples.
            (json!({}), "audio/L16; rate=24000", "speech.pcm", "audio/pcm"),
            (json!({ "responseFormat": "aac" }), "audio/wav", "speech.aac", "audio/aac"),
        ] {
            let testing::Outcome { output, metadata } = run(members, called, "sound").unwrap();
            assert_eq!(output["name"], name, "{called}");
            assert_eq!(output["mimeType"], mime_type, "{called}");
            let expected = json!({ "model": "gpt-4o-mini-tts", "requestId": "req_1" });
            assert_eq!(json!(metadata), expected);
        }
    }

    #[test]
    fn rejects_invalid_input_before_the_request() {
        let (taken, longer) = ("ü".repeat(4096), "ü".repeat(4097));
        for (members, property) in [
            (json!({ "voice": { "id": "voice_1" } }), None),
            (json!({ "voice": 3 }), Some("voice")),
            (json!({ "voice": ["alloy"] }), Some("voice")),
            (json!({ "voice": {} }), Some("voice")),
            (json!({ "voice": { "id": 1 } }), Some("voice")),
            (json!({ "voice": { "id": "v", "x": 1 } }), Some("voice")),
            (json!({ "responseFormat": "../x" }), Some("responseFormat")),
            (json!({ "responseFormat": 3 }), Some("responseFormat")),
            (json!({ "model": "tts-1", "instructions": "Calm" }), Some("instructions")),
            (json!({ "model": "tts-1-hd", "instructions": "Calm" }), Some("instructions")),
            (json!({ "model": "tts-1-1106", "instructions": "Calm" }), Some("instructions")),
            (json!({ "model": "gpt-4o-mini-tts", "instructions": taken }), None),
            (json!({ "model": "gpt-4o-mini-tts", "instructions": longer }), Some("instructions")),
            (json!({ "model": "gpt-4o-mini-tts-2025-12-15", "input": longer }), Some("input")),
            (json!({ "model": "kokoro", "input": longer, "instructions": longer }), None),
        ] {
            let failure = run(members.clone(), "audio/mpeg", "sound").err();
            let is_sent = failure.as_ref().is_some_and(|failure| failure.request_sent);
            let refused = failure.as_ref().and_then(|failure| failure.property.as_deref());
            assert_eq!((refused, is_sent), (property, false), "{members}");
        }
    }
}
