//! Languages, as people write them.

use connector_host::FailureKind::InvalidInput;
use serde_json::{Value, json};

use super::{Ran, json_body, run};

const WAV: &[u8] = b"RIFF\x24\0\0\0WAVEfmt ";

fn transcribed(model: &str, property: &str, value: Value) -> Ran {
    let mut input = json!({ "file": { "url": "talk.wav" }, "model": model });
    input[property] = value;
    let answer = json_body(&json!({ "text": "Hi" }));
    run("createTranscription", input).file("talk.wav", WAV).answers([answer]).start()
}

/// The values of a form field.
fn sent<'a>(ran: &'a Ran, name: &str) -> Vec<&'a str> {
    ran.output();
    let parts = ran.sent[0].parts().iter().filter(|part| part.name == name);
    parts.map(|part| part.text().unwrap()).collect()
}

#[test]
fn a_language_is_sent_as_its_code() {
    for (text, code) in [
        // y02
        ("pt-BR", Some("pt")),
        ("en-US", Some("en")),
        ("zh-Hans", Some("zh")),
        ("zh_TW", Some("zh")),
        ("de_DE.UTF-8", Some("de")),
        ("English", Some("en")),
        ("chinese", Some("zh")),
        ("EN", Some("en")),
        (" de ", Some("de")),
        ("deu", Some("de")),
        ("ger", Some("de")),
        ("eng", Some("en")),
        ("fil", Some("tl")),
        ("ma", Some("mi")),
        ("bn", Some("bn")),
        ("auto", None),
        ("AUTO", None),
        ("", None),
    ] {
        let ran = transcribed("whisper-1", "language", json!(text));
        assert_eq!(sent(&ran, "language").first().copied(), code, "{text}");
    }
}

#[test]
fn an_unknown_language_is_rejected_before_the_upload() {
    for text in ["klingon", "xx", "tlh", "x-pirate", "en or de", "Deutsch"] {
        let ran = transcribed("whisper-1", "language", json!(text));
        let failure = ran.failure(InvalidInput);
        assert_eq!(
            failure.message,
            format!(
                "`language` must be an ISO 639-1 code such as `de`, or the English name of a \
                 listed language (got `{text}`)"
            )
        );
        assert_eq!(failure.property.as_deref(), Some("language"));
        assert!(ran.sent.is_empty() && !failure.request_sent, "{text}");
    }
}

#[test]
fn each_of_several_languages_is_sent_as_its_code() {
    let given = json!(["pt-BR", "English", "auto", "por", "deu"]);
    let ran = transcribed("gpt-transcribe", "languages", given);
    assert_eq!(sent(&ran, "languages[]"), ["pt", "en", "de"]);
    let ran = transcribed("gpt-transcribe", "languages", json!(["auto"]));
    assert!(sent(&ran, "languages[]").is_empty());
    let ran = transcribed("gpt-transcribe", "languages", json!(["de", "klingon"]));
    assert_eq!(ran.failure(InvalidInput).property.as_deref(), Some("languages[1]"));
}
