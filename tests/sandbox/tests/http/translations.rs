//! `POST /v1/audio/translations`.

use openai_sandbox::Sandbox;
use serde_json::json;

use crate::client;
use crate::client::Answer;
use crate::client::Field;

/// Translates audio with these text fields in the form.
fn translate(sandbox: &Sandbox, audio: &[u8], texts: &[(&str, &str)]) -> Answer {
    let mut fields: Vec<Field> = vec![("file", client::WAV, audio)];
    fields.extend(texts.iter().map(|(name, text)| (*name, None, text.as_bytes())));
    let (body, content_type) = client::form(&fields);
    let headers = [("content-type", content_type.as_str())];
    client::request(sandbox, "POST /v1/audio/translations", &headers, &body)
}

#[test]
fn enforces_the_rules() {
    let sandbox = client::start();
    let whisper = ("model", "whisper-1");
    let format = |format| ("response_format", format);
    let rows: &[(&[(&str, &str)], &str)] = &[
        (&[], "model"),
        (&[whisper], ""),
        (&[whisper, ("prompt", "x"), ("temperature", "0.5"), format("srt")], ""),
        (&[("model", "my-own"), format("verbose_json")], ""),
        (&[whisper, whisper], "Unrecognized request argument supplied: model"),
        (&[whisper, ("language", "en")], "Unrecognized request argument supplied: language"),
        (&[whisper, ("stream", "true")], "Unrecognized request argument supplied: stream"),
        (&[("model", "gpt-4o-transcribe")], "does not support translation"),
        (&[("model", "gpt-5.4")], "not supported in this endpoint"),
        (&[whisper, format("diarized_json")], "response_format"),
        (&[whisper, ("temperature", "1.5")], "temperature"),
        (&[whisper, ("temperature", "cold")], "temperature"),
    ];
    for (texts, words) in rows {
        let answer = translate(&sandbox, &client::silence(1.0), texts);
        assert_eq!(answer.status, if words.is_empty() { 200 } else { 400 }, "{texts:?}");
        assert!(answer.text().contains(words), "{texts:?}: {}", answer.text());
    }
    let (body, content_type) = client::form(&[("model", None, b"whisper-1")]);
    let headers = [("content-type", content_type.as_str())];
    let answer = client::request(&sandbox, "POST /v1/audio/translations", &headers, &body);
    assert_eq!(answer.status_and_param(), (400, Some("file".to_owned())));
}

#[test]
fn returns_each_format() {
    let sandbox = client::start();
    let speech = json!({
        "model": "tts-1", "input": "One two three. Four five!", "voice": "alloy",
        "response_format": "wav", "speed": 1.25,
    });
    let audio = client::post(&sandbox, "/v1/audio/speech", &speech).body;
    let answer = |format| {
        translate(&sandbox, &audio, &[("model", "whisper-1"), ("response_format", format)])
    };
    assert_eq!(answer("json").json(), json!({"text": "One two three. Four five!"}));
    assert_eq!(answer("text").text(), "One two three. Four five!\n");
    assert!(answer("srt").text().starts_with("1\n00:00:00,000 --> 00:00:00,700\n"));
    assert!(answer("vtt").text().starts_with("WEBVTT\n\n"));
    let verbose = answer("verbose_json").json();
    assert_eq!(
        json!([verbose["task"], verbose["language"], verbose["duration"]]),
        json!(["translate", "english", 1.2])
    );
    assert_eq!(verbose["segments"].as_array().unwrap().len(), 2);
    assert_eq!(verbose.get("usage"), None);
}
