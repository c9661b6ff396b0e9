//! `POST /v1/audio/speech`.

use serde_json::Value;
use serde_json::json;

use crate::client;

const PATH: &str = "/v1/audio/speech";

fn base() -> Value {
    json!({"model": "gpt-4o-mini-tts", "input": "Hello there", "voice": "alloy"})
}

#[test]
fn enforces_the_rules() {
    client::check_rules(
        PATH,
        &base(),
        &[
            (json!({"model": "gpt-4o"}), "model"),
            (json!({"voice": null}), "missing field `voice`"),
            (json!({"voice": {"id": "voice_1"}}), ""),
            (json!({"voice": {"name": "x"}}), "Voice"),
            (json!({"speed": "1"}), "expected f64"),
            (json!({"stream": true}), "unknown field `stream`"),
            (json!({"instructions": "softly"}), ""),
            (json!({"instructions": "softly", "model": "tts-1"}), "instructions"),
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
