//! Transcripts in a different format from the one requested.

use connector_host::FailureKind::{InvalidOutput, RateLimited};
use serde_json::{Value, json};

use super::{Ran, body, run};

const WAV: &[u8] = b"RIFF\x24\0\0\0WAVEfmt ";
const SRT: &str = "1\n00:00:00,000 --> 00:00:01,000\nHi\n\n";
const VTT: &str = "WEBVTT\n\n00:00.000 --> 00:01.000\nHi\n\n";
const EVENTS: &str = "data: {\"type\":\"transcript.text.delta\",\"delta\":\"H\"}\n\n\
    data: {\"type\":\"transcript.text.delta\",\"delta\":\"i\"}\n\n\
    data: {\"type\":\"transcript.text.done\",\"text\":\"Hi\",\"usage\":{\"total_tokens\":5}}\n\n";

fn answered(format: &str, kind: &str, answer: &str) -> Ran {
    let input = json!({
        "file": { "url": "talk.wav" }, "model": "whisper-large", "responseFormat": format,
    });
    run("createTranscription", input).file("talk.wav", WAV).answers([body(kind, answer)]).start()
}

#[test]
fn a_transcript_is_read_according_to_its_content() {
    let object = r#"{"text": "Hi", "usage": {"type": "duration", "seconds": 90}}"#;
    let (text, whole) = (json!("Hi"), json!({ "text": "Hi" }));
    for (id, format, kind, answer, expected) in [
        ("x16", "text", "application/json", object, &text),
        ("JSON labeled as text", "text", "text/plain", object, &text),
        ("JSON without a type", "text", "", object, &text),
        ("a JSON string", "text", "application/json", "\"Hi\"", &text),
        ("text in quotes", "text", "text/plain", "\"Hi\"", &json!("\"Hi\"")),
        ("x16h", "text", "text/event-stream", EVENTS, &text),
        ("a stream without a type", "text", "", EVENTS, &text),
        ("a stream for JSON", "json", "text/event-stream", EVENTS, &whole),
        (
            "a stream without the whole text",
            "json",
            "text/event-stream",
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\"Hi\"}\n\n\
             data: {\"type\":\"transcript.text.done\"}\n\ndata: [DONE]\n\n",
            &whole,
        ),
        (
            "one event",
            "text",
            "text/event-stream",
            "data: {\"text\":\"Hi\"}\n\ndata: [DONE]\n\n",
            &text,
        ),
        (
            "JSON with the end of a stream",
            "json",
            "text/event-stream",
            "{\"text\":\"Hi\"}\n\ndata: [DONE]\n\n",
            &whole,
        ),
        ("plain text for JSON", "json", "text/plain; charset=utf-8", "Hi\n", &whole),
        ("a byte order mark", "text", "text/plain", "\u{feff}Hi\n", &text),
        (
            "a byte order mark before JSON",
            "json",
            "application/json",
            "\u{feff}{\"text\":\"Hi\"}",
            &whole,
        ),
        ("a byte order mark before VTT", "vtt", "text/vtt", &format!("\u{feff}{VTT}"), &json!(VTT)),
        ("VTT", "vtt", "text/plain", VTT, &json!(VTT)),
        ("SRT in a JSON string", "srt", "application/json", &json!(SRT).to_string(), &json!(SRT)),
        ("no subtitles", "srt", "text/plain", "", &json!("")),
        ("text labeled as HTML", "text", "text/html", "Hi", &text),
        (
            "a duration as a string",
            "verbose_json",
            "application/json",
            r#"{"text":"Hi","duration":"8.5","language":null}"#,
            &json!({ "text": "Hi", "duration": 8.5 }),
        ),
    ] {
        let ran = answered(format, kind, answer);
        assert_eq!(ran.output(), expected, "{id}");
    }
}

#[test]
fn usage_is_reported_only_in_the_metadata() {
    let usage = |ran: &Ran| -> Value { ran.result.as_ref().unwrap().metadata["usage"].clone() };
    let object = r#"{"text":"Hi","usage":{"input_tokens":14,"output_tokens":3}}"#;
    let ran = answered("text", "application/json", object);
    assert_eq!(usage(&ran), json!({ "inputTokens": 14, "outputTokens": 3 }));
    let ran = answered("json", "application/json", object);
    assert_eq!(
        (ran.output(), usage(&ran)["inputTokens"].as_u64()),
        (&json!({ "text": "Hi" }), Some(14))
    );
    let ran = answered("text", "text/event-stream", EVENTS);
    assert_eq!(usage(&ran), json!({ "totalTokens": 5 }));
}

#[test]
fn a_transcript_in_the_wrong_format_is_kept_in_the_failure() {
    let object = r#"{"text": "Hi"}"#;
    let long = "word ".repeat(2000);
    for (id, format, kind, answer, words) in [
        ("x16g", "vtt", "application/json", object, "Hi"),
        ("JSON for SRT", "srt", "application/json", object, "Hi"),
        ("text for VTT", "vtt", "text/plain", "Hi", "Hi"),
        ("text for SRT", "srt", "text/plain", "Hi", "Hi"),
        ("SRT for VTT", "vtt", "text/plain", SRT, SRT),
        ("a stream for VTT", "vtt", "text/event-stream", EVENTS, "Hi"),
        ("text for segments", "verbose_json", "text/plain", "Hi", "Hi"),
        ("a long transcript", "srt", "text/plain", &long, &long),
    ] {
        let ran = answered(format, kind, answer);
        let failure = ran.failure(InvalidOutput);
        assert_eq!(
            failure.message,
            format!("the provider did not return the transcript as {format}"),
            "{id}"
        );
        assert_eq!(failure.detail.as_deref(), Some(words), "{id}");
    }
}

#[test]
fn a_response_that_is_not_a_transcript_fails() {
    let page = "<!doctype html><title>Log in</title>";
    for (id, format, kind, answer) in [
        ("an HTML page", "text", "text/html", page),
        ("HTML labeled as text", "text", "text/plain", page),
        ("HTML for VTT", "vtt", "text/html", page),
        ("HTML for JSON", "json", "text/html", "<h1>Bad gateway</h1>"),
        ("JSON without text", "text", "application/json", "{\"status\":\"busy\"}"),
        (
            "a truncated stream",
            "text",
            "text/event-stream",
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\"H\"}\n\n",
        ),
        ("truncated JSON", "json", "application/json", "{\"text\":\"H"),
        ("nothing", "json", "text/plain", " "),
    ] {
        let ran = answered(format, kind, answer);
        let failure = ran.failure(InvalidOutput);
        assert!(failure.request_sent, "{id}");
    }
    let error = r#"{"error": {"message": "Slow down", "code": "rate_limit_exceeded"}}"#;
    for format in ["text", "json", "vtt"] {
        let ran = answered(format, "application/json", error);
        assert_eq!(ran.failure(RateLimited).message, "Slow down");
    }
}
