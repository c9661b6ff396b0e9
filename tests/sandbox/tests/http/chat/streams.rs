//! What the sandbox says, in chunks.

use std::time::Duration;
use std::time::Instant;

use openai_sandbox::Options;
use openai_sandbox::Sandbox;
use serde_json::json;

use crate::chat::PATH;
use crate::chat::ask;
use crate::chat::base;
use crate::chat::content;
use crate::chat::stream;
use crate::client;

#[test]
fn streamed_text_adds_up() {
    let chunks = stream(json!({}));
    assert_eq!(
        chunks[0]["choices"][0]["delta"],
        json!({"role": "assistant", "content": "", "refusal": null})
    );
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["choices"][0]["delta"], json!({}));
    let text: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(text, content(&ask(json!({}))));
    for chunk in &chunks {
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert_eq!(chunk["id"], chunks[0]["id"]);
        assert!(chunk["obfuscation"].is_string() && chunk.get("usage").is_none());
    }
}

#[test]
fn streams_have_options() {
    let chunks =
        stream(json!({"stream_options": {"include_usage": true, "include_obfuscation": false}}));
    let (last, others) = chunks.split_last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"], ask(json!({}))["usage"]);
    assert!(others.iter().all(|chunk| chunk["usage"] == json!(null)));
    assert!(chunks.iter().all(|chunk| chunk.get("obfuscation").is_none()));
    assert!(others.iter().all(|chunk| chunk.get("usage").is_some()));
}

#[test]
fn streams_can_be_slow() {
    let pause = Duration::from_millis(5);
    let options = Options { chunk_pause: pause, ..Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    let started = Instant::now();
    let body = client::patched(&base(), &json!({"stream": true}));
    let chunks = client::post(&sandbox, PATH, &body).events().len() as u32;
    assert!(pause * chunks <= started.elapsed());
}

#[test]
fn streamed_choices_keep_their_index() {
    let chunks = stream(json!({"n": 2}));
    let finished: Vec<_> = chunks
        .iter()
        .filter(|chunk| !chunk["choices"][0]["finish_reason"].is_null())
        .map(|chunk| &chunk["choices"][0]["index"])
        .collect();
    assert_eq!(finished, [0, 1]);
}

#[test]
fn streamed_audio_is_pcm() {
    let chunks =
        stream(json!({"modalities": ["audio"], "audio": {"voice": "alloy", "format": "pcm16"}}));
    let audio = |name: &str| {
        chunks.iter().any(|chunk| chunk["choices"][0]["delta"]["audio"].get(name).is_some())
    };
    assert!(audio("transcript") && audio("data") && audio("expires_at"));
}
