//! Text-To-Speech: `POST /audio/speech`.

use alloc::boxed::Box;
use alloc::string::String;

use super::{Action, Output, parse};
use crate::bindings::exports::workflow::connector::actions::Outcome;
use crate::bindings::workflow::connector::{files, http, types};
use crate::connection::Settings;
use crate::describe::Table;
use crate::failure::{Failure, Result};
use crate::json::input::{FromJson, members};
use crate::json::{Json, Object, Value};
use crate::openai::models::has_any;
use crate::openai::request::{Answer, post, send};
use crate::openai::rules::{self, Rule, Takes, rule};
use crate::openai::{error, parameters};
use crate::table::{Choices, ControlType, Known, Limits, Literal, Property, count_sent, sent};

/// The action.
pub const ACTION: Action = Action {
    name: "createSpeech",
    title: "Text-To-Speech",
    description: "Reads a text aloud and returns the recording as a file.",
    help: include_str!("create_speech.md"),
    properties: PROPERTIES,
    output: Output::Fixed(&OUTPUT),
    run,
    suits: |id| has_any(id, &["tts", "speech", "kokoro", "piper"]),
};

/// What a user fills in.
pub const PROPERTIES: &[Property] = &[
    Property {
        required: true,
        default: Some(&Literal::Text("gpt-4o-mini-tts")),
        sent: true,
        ..Property::string(
            "model",
            "Model",
            "The model that speaks. Any name that the server knows can be typed.",
        )
        .select(&Choices::live(Known::Described(&[
            ("gpt-4o-mini-tts", ""),
            ("tts-1", "Answers fast."),
            ("tts-1-hd", "Sounds better than tts-1 and takes longer."),
        ])))
    },
    Property {
        required: true,
        placeholder: Some("Good morning!"),
        sent: true,
        ..Property::string(
            "input",
            "Input",
            "The text to read aloud. OpenAI's models take at most 4096 characters: split a longer \
             text and run the action for each part.",
        )
    },
    Property {
        required: true,
        sent: true,
        ..Property::any(
            "voice",
            "Voice",
            "Who speaks. Besides the listed voices, a server's own can be typed, and a custom \
             voice is given as {\"id\": \"voice_…\"}.",
            &Choices::open(Known::Texts(&[
                "alloy", "onyx", "fable", "echo", "shimmer", "nova", "ash", "ballad", "coral",
                "sage", "verse", "marin", "cedar",
            ])),
        )
    },
    Property {
        provider_default: Some(&Literal::Text(FORMAT)),
        sent: true,
        ..Property::any(
            "responseFormat",
            "Response format",
            "The format of the recording.",
            &Choices::closed(Known::Described(&[
                ("mp3", ""),
                ("aac", ""),
                ("flac", "Lossless."),
                ("opus", "Small files, made for streaming."),
                ("wav", "Not compressed."),
                ("pcm", "Bare samples without a header."),
            ])),
        )
    },
    Property {
        provider_default: Some(&Literal::Integer(1)),
        limits: &Limits::Range(0.25, 4.0),
        sent: true,
        ..Property::number(
            "speed",
            "Speed",
            "How fast the voice speaks: 2 is twice its normal pace.",
        )
    },
    Property {
        advanced: true,
        control: ControlType::TextArea,
        placeholder: Some("Calm, with a slight smile."),
        sent: true,
        ..Property::string(
            "instructions",
            "Instructions",
            "How the text is to be spoken: the tone, the pace, the mood. tts-1 and tts-1-hd cannot \
             follow any.",
        )
    },
];

/// The recording.
const OUTPUT: Property = Property::file("", "", "The recording.");

/// The format that the API takes when none is given.
const FORMAT: &str = "mp3";

/// The media type of bare samples.
const PCM: &str = "audio/pcm";

/// How much is read of an answer that is no recording, in bytes.
const WORDS: u32 = 16 * 1024;

/// OpenAI's own models. Other servers' have limits of their own, or none.
const OPENAI: &[&str] = &["gpt-4o-mini-tts", "tts-1", "tts-1-hd"];

/// What only some models take.
const RULES: &[Rule] = &[
    rule(OPENAI, "input", Takes::Characters(4096)),
    rule(
        &["tts-1", "tts-1-hd"],
        "instructions",
        Takes::Nothing("it cannot follow any; gpt-4o-mini-tts can"),
    ),
    rule(OPENAI, "instructions", Takes::Characters(4096)),
];

/// What is sent as it was given.
const SENT: [&str; count_sent(PROPERTIES)] = sent(PROPERTIES);

members! {
    /// What the action looks at.
    pub struct Input<'a> {
        model: &'a str = "model",
        voice: &'a Value = "voice",
        response_format: Option<&'a str> = "responseFormat",
    }
}

fn run(input: &str, _: &Settings) -> Result<Outcome> {
    let given = parse(input)?;
    let input = Input::from_json(&given)?;
    let format = input.response_format.unwrap_or(FORMAT);
    let asked = mime_type(format)?;
    check_voice(input.voice)?;
    rules::check(RULES, input.model, &given)?;
    let request = http::Request {
        // The answer is audio of some kind; servers that negotiate refuse a
        // client that insists on the kind.
        headers: vec![("accept".into(), "*/*".into())],
        ..post("/audio/speech", body(&given))
    };
    let answer =
        send(&request, &|param| parameters::property(param, &Table::of("createSpeech"), &[]))?;
    let (format, mime_type) = match is_pcm(&answer) {
        true => ("pcm", PCM),
        false => (format, asked),
    };
    // The host names it by what it is.
    let entry = answer.save(&format!("speech.{format}"), mime_type)?;
    if !entry.mime_type.starts_with("audio/") {
        return Err(answer.told(no_recording(&entry)?));
    }
    Ok(outcome(&entry, input.model, answer.request_id))
}

/// Whether the answer is called bare samples, which nothing but its media type
/// tells.
fn is_pcm(answer: &Answer) -> bool {
    [PCM, "audio/x-pcm", "audio/l16", "audio/raw", "audio/x-raw"]
        .iter()
        .any(|name| answer.has_type(name))
}

/// The failure that an answer means which is no recording, with its words.
fn no_recording(entry: &types::FileEntry) -> Result<Box<Failure>> {
    let message = "the provider returned no recording";
    if !entry.mime_type.starts_with("text/") {
        let message = format!("{message} (it sent {})", entry.mime_type);
        return Ok(Failure::invalid_output(message, ""));
    }
    let words = files::open(entry)?.read(0, WORDS)?;
    Ok(error::instead(message, &String::from_utf8_lossy(&words)))
}

/// The request's body: all of it as it was given.
fn body(given: &Value) -> Json {
    Object::new().set_all(&parameters::given(&SENT, given)).done()
}

/// A voice is a name, or an object with the id of a custom voice.
fn check_voice(voice: &Value) -> Result<()> {
    let custom = voice.as_object().filter(|members| members.len() == 1);
    let is_custom = custom.is_some() && voice.get("id").is_some_and(|id| id.as_str().is_some());
    if voice.as_str().is_some() || is_custom {
        return Ok(());
    }
    let message = "a voice is a name such as \"alloy\", or {\"id\": \"voice_…\"}";
    Err(Failure::invalid_input("voice", message))
}

/// The media type of recordings in a format.
fn mime_type(format: &str) -> Result<&'static str> {
    Ok(match format {
        "mp3" => "audio/mpeg",
        "opus" => "audio/ogg",
        "aac" => "audio/aac",
        "flac" => "audio/flac",
        "wav" => "audio/wav",
        "pcm" => PCM,
        _ => {
            let message = "the format is one of mp3, aac, flac, opus, wav and pcm";
            return Err(Failure::invalid_input("responseFormat", message));
        }
    })
}

fn outcome(entry: &types::FileEntry, model: &str, request_id: Option<String>) -> Outcome {
    let metadata = Object::new().set("model", model).set_some("requestId", request_id).done();
    Outcome { output: Json::of(entry).text(), metadata: metadata.text() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drift;
    use crate::failure::FailureKind;
    use crate::json::leaked;

    fn input(input: serde_json::Value) -> Input<'static> {
        Input::from_json(leaked(input)).unwrap()
    }

    #[test]
    fn the_table_and_the_input_agree() {
        drift::check::<Input>(PROPERTIES);
    }

    #[test]
    fn everything_is_sent_as_it_was_given() {
        let given = json!({
            "model": "tts-1", "input": "Hi", "voice": { "id": "voice_1" },
            "responseFormat": "opus", "speed": 1.5, "instructions": "Calm",
        });
        assert_eq!(
            body(leaked(given)),
            json!({
                "model": "tts-1", "input": "Hi", "voice": { "id": "voice_1" },
                "response_format": "opus", "speed": 1.5, "instructions": "Calm",
            })
        );
        let given = json!({ "model": "tts-1", "input": "Hi", "voice": "nova" });
        assert_eq!(body(leaked(given.clone())), given);
    }

    #[test]
    fn older_models_take_no_instructions() {
        let check = |model: &str| {
            let given = json!({ "model": model, "instructions": "Calm" });
            rules::check(RULES, model, leaked(given))
        };
        for model in ["tts-1", "tts-1-hd", "tts-1-1106"] {
            let failure = check(model).unwrap_err();
            assert_eq!(failure.property.as_deref(), Some("instructions"));
        }
        for model in ["gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15", "kokoro"] {
            assert!(check(model).is_ok(), "{model}");
        }
    }

    #[test]
    fn other_voices_are_refused() {
        for odd in [
            json!(3),
            json!(["alloy"]),
            json!({}),
            json!({ "id": 1 }),
            json!({ "id": "v", "x": 1 }),
        ] {
            assert_eq!(
                check_voice(&odd.clone().into()).unwrap_err().property.as_deref(),
                Some("voice"),
                "{odd}"
            );
        }
    }

    #[test]
    fn every_offered_format_is_known() {
        let row = PROPERTIES.iter().find(|row| row.name == "responseFormat").unwrap();
        let known = row.choices.unwrap().known;
        for choice in (0..known.count()).map(|position| known.get(position)) {
            let input = input(json!({
                "model": "m", "input": "i", "voice": "v", "responseFormat": choice.label,
            }));
            assert!(mime_type(input.response_format.unwrap()).is_ok());
        }
        let failure = mime_type("../x").unwrap_err();
        assert_eq!(failure.property.as_deref(), Some("responseFormat"));
    }

    #[test]
    fn long_texts_are_for_other_models() {
        for property in ["input", "instructions"] {
            let check = |model: &str, length| {
                let given = json!({ "model": model, property: "ü".repeat(length) });
                rules::check(RULES, model, leaked(given))
            };
            assert!(check("gpt-4o-mini-tts", 4096).is_ok());
            let failure = check("gpt-4o-mini-tts-2025-12-15", 4097).unwrap_err();
            assert_eq!(failure.property.as_deref(), Some(property));
            assert!(check("kokoro", 5000).is_ok());
        }
    }

    #[test]
    fn the_outcome_is_the_file() {
        let entry = types::FileEntry {
            extension: "mp3".into(),
            mime_type: "audio/mpeg".into(),
            name: "speech.mp3".into(),
            url: "file:1".into(),
        };
        let outcome = outcome(&entry, "tts-1", Some("req_1".into()));
        assert_eq!(
            outcome.output,
            r#"{"extension":"mp3","mimeType":"audio/mpeg","name":"speech.mp3","url":"file:1"}"#
        );
        assert_eq!(outcome.metadata, r#"{"model":"tts-1","requestId":"req_1"}"#);
    }

    #[test]
    fn an_incomplete_input_is_a_failure() {
        let failure = Input::from_json(leaked(json!({}))).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidInput);
        assert_eq!(failure.property.as_deref(), Some("model"));
    }
}
