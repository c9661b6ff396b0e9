//! Files as input and output: Buffers and FILE_ENTRYs.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use connector_tests::{in_repository, sandbox};
use openai_sandbox::Fault;
use serde_json::{Value, json};

use super::{credentials, flow, with_node};

/// The bytes of a Buffer in a message.
pub(super) fn bytes(buffer: &Value) -> Vec<u8> {
    let text = buffer["buffer"].as_str().unwrap_or_else(|| panic!("not a Buffer: {buffer}"));
    BASE64_STANDARD.decode(text).unwrap()
}

fn buffer(bytes: &[u8]) -> Value {
    json!({ "buffer": BASE64_STANDARD.encode(bytes) })
}

fn speech() -> Value {
    json!({
        "input": { "type": "msg", "value": "payload" },
        "voice": { "type": "str", "value": "alloy" },
        "responseFormat": { "type": "choice", "value": "wav" },
    })
}

fn recording() -> Vec<u8> {
    std::fs::read(in_repository("tests/sandbox/samples/speech.mp3")).unwrap()
}

#[test]
fn an_output_file_is_a_buffer() {
    let sandbox = sandbox();
    let mut node_red = with_node(&sandbox, "createSpeech", json!({ "fields": speech() }));
    node_red.inject("action", json!({ "payload": "Good morning" }));
    let outcome = node_red.message("outcome");
    assert!(bytes(&outcome["payload"]).starts_with(b"RIFF"));
    assert_eq!(outcome["files"][0]["mimeType"], "audio/wav");
    assert_eq!(outcome["filename"], outcome["files"][0]["name"]);
}

/// The file stays with the host, where the next node reads it.
#[test]
fn a_file_entry_passes_a_file_between_nodes() {
    let sandbox = sandbox();
    let say = json!({ "fields": speech(), "files": "entry", "wires": [["hear"], []] });
    let mut flows = flow(&sandbox, "createSpeech", say);
    flows.as_array_mut().unwrap().push(json!({
        "id": "hear", "z": "flow", "type": "openai.v1.createTranscription",
        "connection": "connection", "x": 0, "y": 0, "wires": [["outcome"], []],
        "fields": { "file": { "type": "msg", "value": "payload" } },
    }));
    let mut node_red = with_node(&sandbox, "createSpeech", json!({ "fields": speech() }));
    node_red.deploy(&flows, &credentials());
    node_red.inject("action", json!({ "payload": "Good morning" }));
    let entry = node_red.message("hear");
    assert!(entry["payload"]["url"].as_str().unwrap().starts_with("/api/v1/files/"), "{entry}");
    assert!(node_red.message("outcome")["payload"]["text"].is_string());
}

#[test]
fn accepts_a_buffer_an_upload_or_a_path_as_a_file() {
    let sandbox = sandbox();
    let fields = |kind: &str, value: &str| {
        let value = json!({ "type": kind, "value": value });
        let format = json!({ "type": "choice", "value": "text" });
        let model = json!({ "type": "str", "value": "whisper-1" });
        json!({ "fields": { "file": value, "responseFormat": format, "model": model } })
    };
    let mut node_red = with_node(&sandbox, "createTranscription", fields("msg", "payload"));
    let is_heard = |outcome: &Value| {
        assert!(outcome["payload"].is_string(), "{outcome}");
        let request = sandbox.requests().pop().unwrap();
        let part = request.parts().iter().find(|part| part.name == "file").unwrap();
        assert_eq!(part.filename.as_deref(), Some("speech.mp3"));
    };
    let named = json!({ "payload": buffer(&recording()), "filename": "/recordings/speech.mp3" });
    node_red.inject("action", named);
    is_heard(&node_red.message("outcome"));

    // The format in which Node-RED's `http in` node passes uploads on.
    let upload = json!({ "originalname": "speech.mp3", "mimetype": "audio/mpeg", "buffer": buffer(&recording()) });
    node_red.inject("action", json!({ "payload": upload }));
    is_heard(&node_red.message("outcome"));

    let path = in_repository("tests/sandbox/samples/speech.mp3");
    let at_path = fields("path", path.to_str().unwrap());
    node_red.deploy(&flow(&sandbox, "createTranscription", at_path), &credentials());
    node_red.inject("action", json!({}));
    is_heard(&node_red.message("outcome"));
}

/// The type of a file is detected from its content.
#[test]
fn a_file_needs_no_name() {
    let sandbox = sandbox();
    let fields = json!({ "file": { "type": "msg", "value": "payload" } });
    let mut node_red = with_node(&sandbox, "createTranscription", json!({ "fields": fields }));
    let wav: &[u8] = b"RIFF\x24\0\0\0WAVEfmt ";
    let url = format!("data:audio/mpeg;base64,{}", BASE64_STANDARD.encode(recording()));
    for (id, payload, name) in [
        ("r01", buffer(&recording()), "file.mp3"),
        ("r04", buffer(wav), "file.wav"),
        ("a data: URL", json!(url), "file.mp3"),
        ("one in a FILE_ENTRY", json!({ "url": url, "name": "talk.oga" }), "talk.mp3"),
    ] {
        let answer = json!({ "text": "Hi" }).to_string();
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        sandbox.script(Fault::Status { status: 200, headers, body: answer.into() });
        node_red.inject("action", json!({ "payload": payload }));
        assert_eq!(node_red.message("outcome")["payload"]["text"], "Hi", "{id}");
        let request = sandbox.requests().pop().unwrap();
        let part = request.parts().iter().find(|part| part.name == "file").unwrap();
        assert_eq!(part.filename.as_deref(), Some(name), "{id}");
    }
}

#[test]
fn rejects_values_that_are_not_files() {
    let sandbox = sandbox();
    let fields = json!({ "file": { "type": "msg", "value": "payload" } });
    let mut node_red = with_node(&sandbox, "createTranscription", json!({ "fields": fields }));
    let mut failure = |payload: Value| {
        node_red.inject("action", json!({ "payload": payload }));
        node_red.message("failure")["failure"].take()
    };
    let text = failure(json!("speech.mp3"));
    let allowed = "a Buffer, a data: URL or a FILE_ENTRY";
    assert_eq!(text["message"], format!("`file` must be {allowed}, not a string"));
    assert_eq!(text["property"], "file");
    let noise = failure(buffer(b"\0\x01\x02"));
    assert_eq!(noise["property"], "file", "{noise}");
    let strange = failure(json!({ "url": "http://127.0.0.1/secret", "name": "a.mp3",
        "extension": "mp3", "mimeType": "audio/mpeg" }));
    assert_eq!(strange["requestSent"], false, "{strange}");
    assert!(sandbox.requests().is_empty());
}
