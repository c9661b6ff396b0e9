//! Speech in a different format from the one requested.

use connector_host::FailureKind::{InvalidInput, InvalidOutput, RateLimited};
use connector_tests::service::Service;
use connector_tests::{in_repository, sandbox};
use serde_json::json;

use super::{Case, body, run};
use crate::service::{OPENAI, inline, post, send};

const MP4: &[u8] = b"\0\0\0\x20ftypM4A \0\0\0\0";
const OPUS: &[u8] = b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01\x01";
const VORBIS: &[u8] = b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x1e\x01vorbis";
const WAV: &[u8] = b"RIFF\x24\0\0\0WAVEfmt ";
const PCM: &[u8] = b"\0\0\x01\0\xff\xff\xfe\xff\0\0";

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(in_repository("tests/sandbox/samples").join(name)).unwrap()
}

fn speech(format: Option<&str>) -> Case {
    let mut input = json!({ "input": "Hi", "voice": "alloy" });
    if let Some(format) = format {
        input["responseFormat"] = format.into();
    }
    run("createSpeech", input)
}

#[test]
fn speech_is_named_according_to_its_content() {
    let (mp3, aac, flac) = (sample("speech.mp3"), sample("speech.aac"), sample("speech.flac"));
    for (id, format, kind, content, name, expected) in [
        ("t01", Some("mp3"), "audio/wav", WAV, "speech.wav", "audio/wav"),
        ("t01c", None, "audio/wav", WAV, "speech.wav", "audio/wav"),
        ("t01e", Some("pcm"), "audio/wav", WAV, "speech.wav", "audio/wav"),
        ("t01f", Some("wav"), "audio/pcm", PCM, "speech.pcm", "audio/pcm"),
        ("t01i", Some("aac"), "audio/mp4", MP4, "speech.m4a", "audio/mp4"),
        (
            "the sample rate in the media type",
            Some("wav"),
            "audio/L16;rate=24000",
            PCM,
            "speech.pcm",
            "audio/pcm",
        ),
        ("WAV labeled as PCM", Some("mp3"), "audio/pcm", WAV, "speech.wav", "audio/wav"),
        ("PCM without a type", Some("pcm"), "", PCM, "speech.pcm", "audio/pcm"),
        ("PCM as bytes", Some("pcm"), "application/octet-stream", PCM, "speech.pcm", "audio/pcm"),
        ("MP3 for PCM", Some("pcm"), "audio/pcm", &mp3, "speech.mp3", "audio/mpeg"),
        ("MP3 for WAV", Some("wav"), "audio/wav", &mp3, "speech.mp3", "audio/mpeg"),
        ("AAC", Some("aac"), "audio/aac", &aac, "speech.aac", "audio/aac"),
        ("AAC for M4A", Some("aac"), "audio/mp4", &aac, "speech.aac", "audio/aac"),
        ("FLAC for MP3", None, "audio/mpeg", &flac, "speech.flac", "audio/flac"),
        ("Opus", Some("opus"), "audio/ogg", OPUS, "speech.opus", "audio/ogg"),
        ("Opus for MP3", None, "audio/opus", OPUS, "speech.ogg", "audio/ogg"),
        ("Vorbis for Opus", Some("opus"), "audio/ogg", VORBIS, "speech.ogg", "audio/ogg"),
        ("no type", Some("mp3"), "", &mp3, "speech.mp3", "audio/mpeg"),
        ("the wrong type", Some("mp3"), "application/json", &mp3, "speech.mp3", "audio/mpeg"),
        ("the media type of HTML", Some("mp3"), "text/html", WAV, "speech.wav", "audio/wav"),
    ] {
        for case in [speech(format), speech(format).streamed()] {
            let ran = case.answers([body(kind, content)]).start();
            let output = ran.output();
            assert_eq!(
                (&output["name"], &output["mimeType"]),
                (&json!(name), &json!(expected)),
                "{id}"
            );
            let extension = name.rsplit('.').next().unwrap();
            assert_eq!(output["extension"], extension, "{id}");
            assert_eq!(
                std::fs::read(ran.dir.path().join("out").join(name)).unwrap(),
                content,
                "{id}"
            );
        }
    }
}

#[test]
fn a_response_that_is_not_audio_fails_with_its_message() {
    let events = "data: {\"type\":\"speech.audio.delta\",\"audio\":\"SUQz\"}\n\n";
    for (id, format, kind, content, words) in [
        ("t03", Some("mp3"), "text/plain", "model is not loaded", "model is not loaded"),
        ("JSON", Some("mp3"), "application/json", "{\"status\":\"busy\"}", "busy"),
        ("JSON for audio", Some("wav"), "audio/wav", "{\"status\":\"busy\"}", "busy"),
        ("text for PCM", Some("pcm"), "text/plain", "model is not loaded", "model is not loaded"),
        (
            "text labeled as PCM",
            Some("mp3"),
            "audio/pcm",
            "model is not loaded",
            "model is not loaded",
        ),
        ("a stream", Some("mp3"), "text/event-stream", events, "speech.audio.delta"),
        (
            "an HTML page",
            Some("mp3"),
            "text/html",
            "<!doctype html><title>Log in</title>",
            "Log in",
        ),
    ] {
        for case in [speech(format), speech(format).streamed()] {
            let ran = case.answers([body(kind, content)]).start();
            let failure = ran.failure(InvalidOutput);
            assert_eq!(failure.message, "the provider returned no audio", "{id}");
            assert!(failure.detail.as_deref().unwrap().contains(words), "{id}: {failure:?}");
            let left = std::fs::read_dir(ran.dir.path().join("out")).map_or(0, Iterator::count);
            assert_eq!(left, 0, "{id}: a file remains");
        }
    }
    let error = json!({ "error": { "message": "Slow down", "code": "rate_limit_exceeded" } });
    let ran = speech(None).answers([body("audio/mpeg", error.to_string())]).start();
    assert_eq!(ran.failure(RateLimited).message, "Slow down");
}

#[test]
fn unrecognized_bytes_are_not_audio() {
    for (format, kind) in
        [(Some("mp3"), "audio/mpeg"), (Some("wav"), ""), (None, "application/octet-stream")]
    {
        let ran = speech(format).answers([body(kind, PCM)]).start();
        ran.failure(InvalidOutput);
    }
    let ran = speech(None).answers([body("audio/mpeg", "")]).start();
    assert_eq!(ran.failure(InvalidOutput).message, "the provider sent an empty file");
}

#[test]
fn openais_length_limit_applies_only_to_openais_models() {
    // t06c
    let long = |model: &str| {
        run("createSpeech", json!({ "model": model, "input": "a".repeat(5000), "voice": "alloy" }))
            .answers([body("audio/mpeg", sample("speech.mp3"))])
            .start()
    };
    let ran = long("kokoro");
    assert_eq!(ran.output()["name"], "speech.mp3");
    assert_eq!(ran.bodies()[0]["input"].as_str().map(str::len), Some(5000));
    let ran = long("tts-1");
    let failure = ran.failure(InvalidInput);
    assert_eq!(
        failure.message,
        "with `tts-1`, `input` must be at most 4096 characters long (it has 5000)"
    );
    assert_eq!((failure.property.as_deref(), ran.sent.len()), (Some("input"), 0));
}

/// The media type that a browser gets when it plays the file.
#[test]
fn stored_speech_is_served_with_its_actual_type() {
    // q14
    let (service, sandbox) = (Service::start(), sandbox());
    sandbox.script(body("audio/wav", WAV));
    let run =
        json!({ "input": { "input": "Hi", "voice": "alloy" }, "connection": inline(&sandbox) });
    let path = format!("{OPENAI}/actions/createSpeech/run");
    let outcome = post(&service, &path, &run).expect(200).json();
    assert_eq!(outcome["output"]["mimeType"], "audio/wav", "{outcome}");
    let url = outcome["output"]["url"].as_str().unwrap();
    assert_eq!(send(&service, "GET", url, &[], "").headers()["content-type"], "audio/wav");
}
