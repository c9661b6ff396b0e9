//! What arrives during a run: text, previews and progress. The outcome is the
//! same as without streaming.

use std::path::Path;
use std::sync::{Arc, Mutex};

use connector_host::{Event, Files, Outcome};
use connector_tests::{connection, in_repository, openai, sandbox};
use openai_sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Starts a streaming run, and returns its outcome and events.
fn run(sandbox: &Sandbox, folder: &Path, action: &str, input: Value) -> (Outcome, Vec<Event>) {
    let connector = openai();
    let events = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&events);
    let files = Files::new(folder);
    let table = &connector.descriptor().action(action).unwrap().properties;
    files.grant_named_in(table, &input);
    let outcome = connector
        .run(action, input)
        .connection(&connection(&connector, sandbox))
        .files(&files)
        .streaming(true)
        .on_event(move |event| keep.lock().unwrap().push(event))
        .start()
        .unwrap();
    let events = events.lock().unwrap().clone();
    (outcome, events)
}

/// The outcome of the same run without streaming.
fn in_one_piece(sandbox: &Sandbox, folder: &Path, action: &str, input: Value) -> Outcome {
    let connector = openai();
    let files = Files::new(folder);
    let table = &connector.descriptor().action(action).unwrap().properties;
    files.grant_named_in(table, &input);
    let run = connector.run(action, input).connection(&connection(&connector, sandbox));
    run.files(&files).start().unwrap()
}

fn text(events: &[Event]) -> String {
    let text = |event: &Event| match event {
        Event::TextDelta { choice: 0, text } => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

fn sample(name: &str) -> Value {
    let path = in_repository("tests/sandbox/samples").join(name);
    json!({ "url": format!("file://{}", path.display()) })
}

#[test]
fn previews_arrive_before_the_image() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let input = json!({
        "imageMessages": [{ "content": "A lighthouse" }], "partialImages": 2,
        "outputFormat": "webp",
    });
    let (outcome, events) = run(&sandbox, folder.path(), "createImage", input);
    let previews: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::File { file } => Some(file.name.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(previews, ["image.webp", "image-2.webp"]);
    let files = outcome.output["files"].as_array().unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0]["name"], "image-3.webp");
    assert_eq!(files[0]["mimeType"], "image/webp");
    assert_eq!(outcome.output["data"][0]["url"], files[0]["url"]);
    assert!(outcome.metadata["usage"]["totalTokens"].is_u64(), "{outcome:?}");
    for name in ["image.webp", "image-2.webp", "image-3.webp"] {
        let content = std::fs::read(folder.path().join(name)).unwrap();
        assert_eq!(&content[8..12], b"WEBP", "{name}");
    }
}

#[test]
fn previews_are_requested_only_with_a_listener() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let input = json!({ "imageMessages": [{ "content": "A lighthouse" }], "partialImages": 2 });
    let outcome = in_one_piece(&sandbox, folder.path(), "createImage", input);
    assert_eq!(outcome.output["files"][0]["name"], "image.png");
    assert_eq!(sandbox.requests()[0].json().unwrap().get("stream"), None);
}

#[test]
fn a_streamed_transcript_equals_the_unstreamed_one() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    for (model, format) in [
        ("gpt-4o-transcribe", "json"),
        ("gpt-4o-transcribe-diarize", "json"),
        ("gpt-4o-transcribe-diarize", "text"),
        ("gpt-4o-transcribe-diarize", "diarized_json"),
        ("whisper-1", "json"),
    ] {
        let input = json!({
            "file": sample("speech.mp3"), "model": model, "responseFormat": format,
        });
        let whole = in_one_piece(&sandbox, folder.path(), "createTranscription", input.clone());
        let (streamed, events) = run(&sandbox, folder.path(), "createTranscription", input);
        let transcript = |outcome: &Outcome| match &outcome.output {
            Value::String(text) => text.clone(),
            object => object["text"].as_str().unwrap().to_owned(),
        };
        assert_eq!(transcript(&streamed), transcript(&whole), "{model}, {format}");
        assert_eq!(streamed.output.is_string(), whole.output.is_string());
        assert_eq!(streamed.output["segments"], whole.output["segments"], "{model}, {format}");
        // One model does not stream, but its transcript still arrives.
        let expected = if model == "whisper-1" { String::new() } else { transcript(&whole) };
        assert_eq!(text(&events).trim(), expected.trim(), "{model}, {format}");
        assert!(!transcript(&whole).is_empty());
    }
}

#[test]
fn attachments_reach_the_model() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let notes = folder.path().join("notes.md");
    std::fs::write(&notes, "Remember the milk.").unwrap();
    let input = json!({
        "messages": [{ "role": "user", "content": "What is this?" }],
        "attachments": [
            sample("picture.jpeg"), sample("speech.mp3"),
            { "url": format!("file://{}", notes.display()) },
        ],
    });
    let answer = in_one_piece(&sandbox, folder.path(), "ask", input.clone()).output;
    let size = |name: &str| {
        std::fs::metadata(in_repository("tests/sandbox/samples").join(name)).unwrap().len()
    };
    for part in [
        format!("[image_url: image/jpeg, {} bytes]", size("picture.jpeg")),
        format!("[input_audio: mp3, {} bytes]", size("speech.mp3")),
        "Remember the milk.".to_owned(),
    ] {
        assert!(answer.as_str().unwrap().contains(&part), "{part} is not in {answer}");
    }
    let (streamed, events) = run(&sandbox, folder.path(), "ask", input);
    assert_eq!(streamed.output, answer);
    assert_eq!(text(&events), answer.as_str().unwrap());
}
