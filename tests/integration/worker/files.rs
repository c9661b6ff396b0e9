//! Files as input and output through the Object Store.

use std::fs;
use std::time::{Duration, Instant};

use connector_tests::in_repository;
use serde_json::{Value, json};

use super::*;

fn run(action: &str, input: &Value) -> Value {
    json!({ "action": format!("openai/v1/{action}"), "connection": "sandbox", "input": input })
}

#[test]
fn the_output_file_of_a_run_can_be_the_input_of_the_next() {
    let fleet = fleet();
    let _worker = fleet.worker(&[]);
    let caller = fleet.caller();
    let input = json!({ "input": "Good morning", "voice": "alloy", "responseFormat": "wav" });
    let spoken = caller.run("speech", &run("createSpeech", &input));
    let entry = &spoken["outcome"]["output"];
    assert_eq!((&entry["name"], &entry["mimeType"]), (&json!("speech.wav"), &json!("audio/wav")));
    assert!(caller.get(&entry["url"]).starts_with(b"RIFF"), "{spoken}");
    let text = caller.run("text", &run("createTranscription", &json!({ "file": entry })));
    assert_eq!(text["outcome"]["output"]["text"], "Good morning", "{text}");
    caller.wait_until_done();
    assert_eq!(fleet.files(), 0, "files of runs remain");
}

#[test]
fn a_callers_file_keeps_its_name() {
    let fleet = fleet();
    let _worker = fleet.worker(&[]);
    let caller = fleet.caller();
    let talk = fs::read(in_repository("tests/sandbox/samples/speech.mp3")).unwrap();
    let entry = caller.put("talk.mp3", &talk);
    let reply = caller.run("text", &run("createTranscription", &json!({ "file": entry })));
    assert!(reply["outcome"]["output"]["text"].is_string(), "{reply}");
    let requests = fleet.sandbox.requests();
    let file = requests[0].parts().iter().find(|part| part.filename.is_some()).unwrap();
    assert_eq!((file.filename.as_deref(), file.len), (Some("talk.mp3"), talk.len()));
}

#[test]
fn missing_files_and_files_outside_the_bucket_are_rejected() {
    let fleet = fleet();
    let _worker = fleet.worker(&["--max-file-size", "1"]);
    let caller = fleet.caller();
    caller.put("large.mp3", &vec![0; (1 << 20) + 1]);
    for (id, url, expected) in [
        ("missing", "nats://connector-files/no.mp3", "not found"),
        ("nameless", "nats://connector-files/", "must start with nats://connector-files/"),
        ("elsewhere", "nats://other/talk.mp3", "must start with nats://connector-files/"),
        ("large", "nats://connector-files/large.mp3", "is larger than 1048576 bytes"),
        ("local", "file:///etc/passwd", "is not among the files this run may read"),
        ("web", "https://example.com/talk.mp3", "must be a `file:` URL"),
    ] {
        let input = json!({ "file": { "url": url, "name": "talk.mp3" } });
        let reply = caller.run(id, &run("createTranscription", &input));
        let message = reply["failure"]["message"].as_str().unwrap_or_else(|| panic!("{reply}"));
        assert!(message.contains(expected), "{reply}");
        assert_eq!(reply["failure"]["property"], "file", "{reply}");
    }
    caller.wait_until_done();
    assert!(fleet.sandbox.requests().is_empty());
}

/// The bucket may contain a file's description without its content.
#[test]
fn a_file_without_content_times_out() {
    let fleet = fleet();
    let _worker = fleet.worker(&[]);
    let caller = fleet.caller();
    let file = caller.put("talk.mp3", &[0; 1_000]);
    caller.wait_for(async {
        let stream = caller.jetstream().get_stream("OBJ_connector-files").await.unwrap();
        stream.purge().filter("$O.connector-files.C.>").await.unwrap();
    });
    let started = Instant::now();
    let reply = caller.run("text", &run("createTranscription", &json!({ "file": file })));
    assert!(started.elapsed() < Duration::from_secs(120), "{:?}", started.elapsed());
    assert_eq!(reply["failure"]["kind"], "timeout", "{reply}");
    assert_eq!(reply["failure"]["property"], "file", "{reply}");
}

#[test]
fn a_preview_exists_when_it_is_reported() {
    let fleet = fleet();
    let _worker = fleet.worker(&[]);
    let caller = fleet.caller();
    let messages = json!([{ "content": "A lighthouse" }]);
    let input = json!({ "imageMessages": messages, "model": "gpt-image-1", "partialImages": 2 });
    let mut image = run("createImage", &input);
    image["events"] = json!(true);
    let reply = caller.run("image", &image);
    let files = &reply["outcome"]["output"]["files"];
    assert!(caller.get(&files[0]["url"]).starts_with(b"\x89PNG"), "{reply}");
    let events = caller.received("connector.events.image");
    let previews: Vec<_> = events.iter().filter(|event| event["event"] == "file").collect();
    assert!(!previews.is_empty(), "{events:?}");
    for preview in previews {
        assert!(caller.get(&preview["file"]["url"]).starts_with(b"\x89PNG"), "{preview}");
    }
}
