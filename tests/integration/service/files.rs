//! Files over HTTP.

use std::fs;

use connector_tests::service::Service;
use connector_tests::{in_repository, sandbox};
use serde_json::json;

use super::{API, OPENAI, answer, get, inline, post, send};

fn upload(service: &Service, name: &str, kind: &str, content: &[u8]) -> super::Answer {
    let path = format!("{API}/files?name={name}");
    answer(send(service, "POST", &path, &[("content-type", kind)], content))
}

#[test]
fn an_uploaded_recording_is_transcribed() {
    let (service, sandbox) = (Service::start(), sandbox());
    let speech = fs::read(in_repository("tests/sandbox/samples/speech.mp3")).unwrap();
    let file = upload(&service, "talk.mp3", "application/octet-stream", &speech).expect(201).json();
    assert_eq!((&file["name"], &file["mimeType"]), (&json!("talk.mp3"), &json!("audio/mpeg")));
    let path = format!("{OPENAI}/actions/createTranscription/run");
    let body = json!({ "input": { "file": file }, "connection": inline(&sandbox) });
    let outcome = post(&service, &path, &body).expect(200).json();
    assert!(outcome["output"]["text"].as_str().unwrap().contains("sandbox"));
}

#[test]
fn an_output_file_can_be_fetched_whole_and_in_ranges() {
    let (service, sandbox) = (Service::start(), sandbox());
    let path = format!("{OPENAI}/actions/createImage/run");
    let input = json!({ "imageMessages": [{ "content": "A cat" }] });
    let body = json!({ "input": input, "connection": inline(&sandbox) });
    let outcome = post(&service, &path, &body).expect(200).json();
    let url = outcome["output"]["files"][0]["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("/api/v1/files/file_"), "{url}");
    assert_eq!(outcome["output"]["data"][0]["url"], url);

    let mut whole = send(&service, "GET", &url, &[], "");
    let head = whole.headers().clone();
    let content = whole.body_mut().read_to_vec().unwrap();
    assert_eq!(&content[..4], b"\x89PNG");
    assert_eq!(head["content-type"], "image/png");
    assert_eq!(head["content-disposition"], "inline; filename*=UTF-8''image%2Epng");
    assert_eq!(head["x-content-type-options"], "nosniff");

    let mut part = send(&service, "GET", &url, &[("range", "bytes=1-3")], "");
    assert_eq!(part.status(), 206);
    assert_eq!(part.body_mut().read_to_vec().unwrap(), b"PNG");
    let outside = send(&service, "GET", &url, &[("range", "bytes=99999999-")], "");
    assert_eq!(outside.status(), 416);

    assert_eq!(answer(send(&service, "DELETE", &url, &[], "")).status, 204);
    assert_eq!(get(&service, &url).problem(404), "not-found");
}

#[test]
fn an_uploaded_page_is_not_rendered() {
    let service = Service::start();
    let page = b"<script>alert(1)</script>";
    let file = upload(&service, "page.html", "text/html", page).expect(201).json();
    let fetched = get(&service, file["url"].as_str().unwrap());
    assert!(fetched.header("content-disposition").unwrap().starts_with("attachment"));
}

#[test]
fn rejects_files_that_are_unnamed_empty_or_too_large() {
    let service = Service::start_with(&["--max-file-size", "1"]);
    assert_eq!(upload(&service, "a.mp3", "audio/mpeg", b"").problem(422), "invalid-input");
    let large = vec![0; (1 << 20) + 1];
    assert_eq!(upload(&service, "a.mp3", "audio/mpeg", &large).problem(413), "too-large");
    let kept = upload(&service, "..%2f..%2fevil.mp3", "audio/mpeg", b"x").expect(201).json();
    assert_eq!(kept["name"], "evil.mp3");
}

#[test]
fn a_run_cannot_read_local_files() {
    let (service, sandbox) = (Service::start(), sandbox());
    let path = format!("{OPENAI}/actions/createTranscription/run");
    for url in ["file:///etc/passwd", "/etc/passwd", "/api/v1/files/../../store.sqlite"] {
        let file = json!({ "url": url, "name": "a.mp3" });
        let body = json!({ "input": { "file": file }, "connection": inline(&sandbox) });
        assert_eq!(post(&service, &path, &body).problem(422), "invalid-input", "{url}");
    }
    assert!(sandbox.requests().is_empty());
}
