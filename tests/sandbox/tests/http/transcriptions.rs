//! `POST /v1/audio/transcriptions`.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openai_sandbox::Fault;
use openai_sandbox::Sandbox;
use serde_json::Value;
use serde_json::json;

use crate::client;
use crate::client::Answer;
use crate::client::Field;

const PATH: &str = "/v1/audio/transcriptions";

fn send(sandbox: &Sandbox, fields: &[Field]) -> Answer {
    let (body, content_type) = client::form(fields);
    client::request(sandbox, &format!("POST {PATH}"), &[("content-type", &content_type)], &body)
}

/// The text fields of a form.
type Texts<'a> = &'a [(&'a str, &'a str)];

/// Transcribes silence of this many seconds with these text fields in the form.
fn transcribe(sandbox: &Sandbox, seconds: f64, texts: Texts) -> Answer {
    let audio = client::silence(seconds);
    let mut fields: Vec<Field> = vec![("file", client::WAV, &audio)];
    fields.extend(texts.iter().map(|(name, text)| (*name, None, text.as_bytes())));
    send(sandbox, &fields)
}

#[test]
fn enforces_the_rules() {
    let sandbox = client::start();
    let whisper = ("model", "whisper-1");
    let gpt_4o = ("model", "gpt-4o-transcribe");
    let diarize = ("model", "gpt-4o-transcribe-diarize");
    let gpt = ("model", "gpt-transcribe");
    let verbose = ("response_format", "verbose_json");
    let words = ("timestamp_granularities[]", "word");
    let logprobs = ("include[]", "logprobs");
    let name = ("known_speaker_names[]", "Ann");
    let reference = ("known_speaker_references[]", "data:audio/wav;base64,SGk=");
    let rows: &[(Texts, &str)] = &[
        (&[], "model"),
        (&[whisper], ""),
        (&[whisper, whisper], "Unrecognized request argument supplied: model"),
        (&[whisper, ("speed", "1")], "Unrecognized request argument supplied: speed"),
        (&[whisper, ("keywords", "x")], "Unrecognized request argument supplied: keywords"),
        (&[("model", "gpt-4o")], "not supported in this endpoint"),
        (&[("model", "my-own"), ("response_format", "vtt"), ("prompt", "x")], ""),
        (&[diarize, ("prompt", "x")], "'prompt'"),
        (&[whisper, verbose, words, ("timestamp_granularities[]", "segment")], ""),
        (&[whisper, words], "verbose_json"),
        (&[gpt_4o, verbose], "response_format"),
        (&[diarize, ("response_format", "diarized_json")], ""),
        (&[whisper, ("response_format", "diarized_json")], "response_format"),
        (&[gpt_4o, logprobs], ""),
        (&[whisper, logprobs], "'include[]'"),
        (&[gpt, ("languages[]", "de"), ("languages[]", "en"), ("keywords[]", "x")], ""),
        (&[gpt_4o, ("languages[]", "de")], "'languages[]'"),
        (&[gpt_4o, ("keywords[]", "x")], "'keywords[]'"),
        (&[diarize, name, reference], ""),
        (&[diarize, name], "same length"),
        (&[gpt_4o, name, reference], "'known_speaker_names[]'"),
    ];
    for (texts, words) in rows {
        let answer = transcribe(&sandbox, 2.0, texts);
        assert_eq!(answer.status, if words.is_empty() { 200 } else { 400 }, "{texts:?}");
        assert!(answer.text().contains(words), "{texts:?}: {}", answer.text());
    }
    // Long conversations must be split into chunks.
    assert_eq!(transcribe(&sandbox, 31.0, &[diarize]).status, 400);
    let strategy = ("chunking_strategy", "auto");
    assert_eq!(transcribe(&sandbox, 31.0, &[diarize, strategy]).status, 200);
    assert_eq!(transcribe(&sandbox, 31.0, &[gpt_4o]).status, 200);
}

#[test]
fn generated_speech_is_transcribed() {
    let sandbox = client::start();
    for (format, file) in [
        ("wav", ("a.wav", "audio/wav")),
        ("mp3", ("a.mp3", "audio/mpeg")),
        ("opus", ("a.ogg", "audio/ogg")),
        ("flac", ("a.flac", "audio/flac")),
    ] {
        let text = format!("Good morning from {format}!");
        let body = json!({
            "model": "tts-1", "input": text, "voice": "alloy", "response_format": format,
        });
        let audio = client::post(&sandbox, "/v1/audio/speech", &body).body;
        let answer = send(&sandbox, &[("model", None, b"whisper-1"), ("file", Some(file), &audio)]);
        assert_eq!(answer.json()["text"], text);
    }
    let other = transcribe(&sandbox, 2.0, &[("model", "whisper-1")]).json();
    assert!(other["text"].as_str().unwrap().contains("sandbox"));
}

/// A sandbox, and 1.2 seconds of audio with two sentences that it generated.
fn spoken() -> (Sandbox, Vec<u8>) {
    let sandbox = client::start();
    let body = json!({
        "model": "tts-1", "input": "One two three. Four five!", "voice": "alloy",
        "response_format": "wav", "speed": 1.25,
    });
    let audio = client::post(&sandbox, "/v1/audio/speech", &body).body;
    (sandbox, audio)
}

fn transcribe_spoken(model: &str, texts: Texts) -> Answer {
    let (sandbox, audio) = spoken();
    let mut fields: Vec<Field> =
        vec![("file", client::WAV, &audio), ("model", None, model.as_bytes())];
    fields.extend(texts.iter().map(|(name, text)| (*name, None, text.as_bytes())));
    send(&sandbox, &fields)
}

#[test]
fn returns_plain_formats() {
    let text = transcribe_spoken("whisper-1", &[("response_format", "text")]);
    assert_eq!(text.text(), "One two three. Four five!\n");
    assert_eq!(text.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(
        transcribe_spoken("whisper-1", &[("response_format", "srt")]).text(),
        "1\n00:00:00,000 --> 00:00:00,700\nOne two three.\n\n\
         2\n00:00:00,700 --> 00:00:01,200\nFour five!\n\n"
    );
    assert_eq!(
        transcribe_spoken("whisper-1", &[("response_format", "vtt")]).text(),
        "WEBVTT\n\n00:00:00.000 --> 00:00:00.700\nOne two three.\n\n\
         00:00:00.700 --> 00:00:01.200\nFour five!\n\n"
    );
}

#[test]
fn json_has_usage() {
    let whisper = transcribe_spoken("whisper-1", &[]).json();
    assert_eq!(whisper["usage"], json!({"type": "duration", "seconds": 2}));
    let gpt_4o =
        transcribe_spoken("gpt-4o-transcribe", &[("include[]", "logprobs"), ("prompt", "abcd")])
            .json();
    assert_eq!(
        gpt_4o["usage"],
        json!({
            "type": "tokens", "input_tokens": 13,
            "input_token_details": {"text_tokens": 1, "audio_tokens": 12},
            "output_tokens": 7, "total_tokens": 20,
        })
    );
    assert_eq!(gpt_4o["logprobs"].as_array().unwrap().len(), 7);
    assert_eq!(gpt_4o["logprobs"][0]["bytes"], json!([79, 110, 101, 32]));
    assert!(gpt_4o.get("languages").is_none() && whisper.get("logprobs").is_none());
    let gpt =
        transcribe_spoken("gpt-transcribe", &[("languages[]", "de"), ("languages[]", "hr")]).json();
    assert_eq!(gpt["languages"], json!([{"code": "de"}, {"code": "hr"}]));
    assert_eq!(
        transcribe_spoken("gpt-transcribe", &[]).json()["languages"],
        json!([{"code": "en"}])
    );
}

#[test]
fn verbose_json_has_the_requested_granularities() {
    let verbose = ("response_format", "verbose_json");
    let answer = transcribe_spoken("whisper-1", &[verbose, ("language", "de")]).json();
    assert_eq!(
        json!([answer["task"], answer["language"], answer["duration"]]),
        json!(["transcribe", "de", 1.2])
    );
    assert_eq!(answer["segments"].as_array().unwrap().len(), 2);
    assert_eq!(answer["segments"][1]["text"], " Four five!");
    assert!(answer.get("words").is_none());

    let words = ("timestamp_granularities[]", "word");
    let answer = transcribe_spoken("whisper-1", &[verbose, words]).json();
    assert!(answer.get("segments").is_none());
    assert_eq!(answer["words"][2], json!({"word": "three", "start": 0.343, "end": 0.686}));

    let segments = ("timestamp_granularities[]", "segment");
    let answer = transcribe_spoken("whisper-1", &[verbose, words, segments]).json();
    assert!(answer["segments"].is_array() && answer["words"].is_array());
}

#[test]
fn diarized_json_has_speakers() {
    let format = ("response_format", "diarized_json");
    let model = "gpt-4o-transcribe-diarize";
    let answer = transcribe_spoken(model, &[format]).json();
    let speakers: Vec<_> =
        answer["segments"].as_array().unwrap().iter().map(|segment| &segment["speaker"]).collect();
    assert_eq!(speakers, ["A", "B"]);
    assert_eq!(answer["segments"][0]["id"], "seg_000");
    assert_eq!(answer["duration"], 1.2);

    let voice = format!("data:audio/wav;base64,{}", STANDARD.encode(client::silence(3.0)));
    let known = [("known_speaker_names[]", "Ann"), ("known_speaker_references[]", &voice), format];
    let answer = transcribe_spoken(model, &known).json();
    assert_eq!(answer["segments"][0]["speaker"], "Ann");
}

const STREAM: (&str, &str) = ("stream", "true");

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

fn joined(events: &[Value]) -> String {
    events.iter().filter_map(|event| event["delta"].as_str()).collect()
}

#[test]
fn transcripts_can_be_streamed() {
    let events = transcribe_spoken("gpt-4o-transcribe", &[STREAM]).events();
    let (done, deltas) = events.split_last().unwrap();
    assert_eq!(types(deltas), ["transcript.text.delta"; 5]);
    assert_eq!(
        (&done["type"], &done["text"]),
        (&json!("transcript.text.done"), &json!("One two three. Four five!"))
    );
    assert_eq!(done["usage"]["type"], "tokens");
    assert_eq!(joined(deltas), "One two three. Four five!");
    let has_more = |event: &Value| event.get("logprobs").or(event.get("segment_id")).is_some();
    assert!(!events.iter().any(has_more));

    let whisper = transcribe_spoken("whisper-1", &[STREAM]);
    assert_eq!(whisper.header("content-type"), Some("application/json"), "Whisper does not stream");
    let subtitles = transcribe_spoken("my-own", &[STREAM, ("response_format", "srt")]);
    assert_eq!(subtitles.header("content-type"), Some("text/plain; charset=utf-8"));
    let off = transcribe_spoken("gpt-4o-transcribe", &[("stream", "false")]);
    assert_eq!(off.json()["text"], "One two three. Four five!");
}

#[test]
fn streamed_logprobs_match_the_words() {
    let events =
        transcribe_spoken("gpt-4o-transcribe", &[STREAM, ("include[]", "logprobs")]).events();
    assert_eq!(events[0]["logprobs"][0]["token"], "One ");
    assert!(events.iter().all(|event| event["logprobs"].is_array()));
}

#[test]
fn a_diarized_stream_has_a_segment_for_each_speaker() {
    let model = "gpt-4o-transcribe-diarize";
    let format = |format| transcribe_spoken(model, &[STREAM, ("response_format", format)]).events();
    let (delta, segment) = ("transcript.text.delta", "transcript.text.segment");
    let events = format("diarized_json");
    assert_eq!(
        types(&events),
        [delta, delta, delta, segment, delta, delta, segment, "transcript.text.done"]
    );
    assert_eq!(joined(&events), events[7]["text"].as_str().unwrap());
    let ids: Vec<&Value> = events[..3].iter().map(|event| &event["segment_id"]).collect();
    assert_eq!(ids, ["seg_000"; 3]);
    assert_eq!(
        events[6],
        json!({
            "type": segment, "id": "seg_001", "start": 0.7, "end": 1.2, "text": "Four five!",
            "speaker": "B",
        })
    );
    for plain in ["json", "text"] {
        assert!(!types(&format(plain)).contains(&segment), "{plain}");
    }
}

#[test]
fn characters_may_be_split_in_transit() {
    let sandbox = client::start();
    let text = "Grüße aus Žabno – 東京!";
    let body = json!({
        "model": "tts-1", "input": text, "voice": "alloy", "response_format": "wav",
    });
    let audio = client::post(&sandbox, "/v1/audio/speech", &body).body;
    sandbox.script(Fault::Pieces { size: 3, pause: Duration::ZERO });
    let answer = send(
        &sandbox,
        &[
            ("file", client::WAV, &audio),
            ("model", None, b"gpt-4o-transcribe"),
            ("stream", None, b"true"),
        ],
    );
    let is_cut_apart = |at: &usize| !answer.text().is_char_boundary(*at);
    assert!((0..answer.body.len()).step_by(3).any(|at| is_cut_apart(&at)));
    assert_eq!(joined(&answer.events()), text);
}
