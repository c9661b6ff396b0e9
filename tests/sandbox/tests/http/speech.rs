//! `POST /v1/audio/speech`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;

use crate::client;

const PATH: &str = "/v1/audio/speech";

fn base() -> Value {
    json!({"model": "gpt-4o-mini-tts", "input": "Hello there", "voice": "alloy"})
}

#[test]
fn rules() {
    client::check_rules(
        PATH,
        &base(),
        &[
            (json!({"model": null}), Some("model")),
            (json!({"input": null}), Some("input")),
            (json!({"voice": null}), Some("voice")),
            (json!({"model": "null"}), Some("model")),
            (json!({"input": ""}), Some("input")),
            (json!({"input": "é".repeat(4096)}), None),
            (json!({"input": "x".repeat(4097)}), Some("input")),
            (json!({"voice": ""}), Some("voice")),
            (json!({"voice": {"id": "voice_1"}}), None),
            (json!({"voice": {"name": "x"}}), Some("voice.name")),
            (json!({"voice": {}}), Some("voice.id")),
            (json!({"voice": {"id": ""}}), Some("voice.id")),
            (json!({"voice": {"id": "voice_1", "name": "x"}}), Some("voice.name")),
            (json!({"voice": "of-my-own"}), None),
            (json!({"voice": 1}), Some("voice")),
            (json!({"instructions": "softly"}), None),
            (json!({"instructions": "x".repeat(4096)}), None),
            (json!({"instructions": "x".repeat(4097)}), Some("instructions")),
            (json!({"instructions": "softly", "model": "tts-1"}), Some("instructions")),
            (json!({"instructions": "softly", "model": "tts-1-hd"}), Some("instructions")),
            (json!({"response_format": "ogg"}), Some("response_format")),
            (json!({"response_format": "null"}), Some("response_format")),
            (json!({"speed": 0.25}), None),
            (json!({"speed": 4}), None),
            (json!({"speed": 0.2}), Some("speed")),
            (json!({"speed": 4.1}), Some("speed")),
            (json!({"speed": "1"}), Some("speed")),
            (json!({"stream_format": "audio", "model": "tts-1"}), None),
            (json!({"stream_format": "sse"}), None),
            (json!({"stream_format": "sse", "model": "tts-1"}), Some("stream_format")),
            (json!({"stream_format": "sse", "model": "tts-1-hd"}), Some("stream_format")),
            (json!({"stream_format": "sse", "model": "gpt-4o-mini-tts-2025-12-15"}), None),
            (json!({"stream_format": "ndjson"}), Some("stream_format")),
            (json!({"stream": true}), Some("stream")),
            (json!({"user": "u"}), Some("user")),
        ],
    );
}

#[test]
fn audio_is_sent_in_chunks() {
    let sandbox = client::start();
    for (format, content_type, magic) in [
        ("mp3", "audio/mpeg", &b"\xff\xf3"[..]),
        ("opus", "audio/opus", b"OggS"),
        ("aac", "audio/aac", b"\xff\xf1"),
        ("flac", "audio/flac", b"fLaC"),
        ("wav", "audio/wav", b"RIFF"),
        ("pcm", "audio/pcm", b"\0\0"),
    ] {
        let body = client::patched(&base(), &json!({"response_format": format}));
        let answer = client::post(&sandbox, PATH, &body);
        assert_eq!(answer.header("content-type"), Some(content_type));
        assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
        assert!(answer.is_whole && answer.body.starts_with(magic), "{format}");
    }
    let answer = client::post(&sandbox, PATH, &base());
    assert_eq!(answer.header("content-type"), Some("audio/mpeg"), "the default");
}

#[test]
fn audio_can_come_as_events() {
    let sandbox = client::start();
    let wav = client::patched(&base(), &json!({"response_format": "wav"}));
    let whole = client::post(&sandbox, PATH, &wav).body;
    let body = client::patched(&wav, &json!({"stream_format": "sse"}));
    let mut events = client::post(&sandbox, PATH, &body).events();
    let done = events.pop().unwrap();
    assert_eq!(done["type"], "speech.audio.done");
    assert_eq!(done["usage"]["input_tokens"], 3);
    assert!(events.iter().all(|event| event["type"] == "speech.audio.delta"));
    let audio: Vec<u8> = events
        .iter()
        .flat_map(|event| STANDARD.decode(event["audio"].as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(audio, whole);
}
