//! Runs the requests of `docs/service.md` exactly as written.

use std::fs;

use connector_tests::service::Service;
use connector_tests::{in_repository, ran, sandbox};
use serde_json::json;

use super::{API, inline, post};

/// The block of the guide that contains the requests.
fn block() -> String {
    let guide = fs::read_to_string(in_repository("docs/service.md")).unwrap();
    let start = guide.find("api=http://127.0.0.1:8080").unwrap();
    let (block, _) = guide[start..].split_once("```").unwrap();
    block.to_owned()
}

#[test]
fn the_requests_of_the_guide_work() {
    let (service, sandbox) = (Service::start(), sandbox());
    let new = json!({ "name": "Sandbox", "component": "openai/v1", "values": inline(&sandbox) });
    post(&service, &format!("{API}/connections"), &new).expect(201);
    let block = block().replace("http://127.0.0.1:8080", service.url());
    let mut shell = std::process::Command::new("sh");
    let run = ran(shell.current_dir(in_repository("")).args(["-e", "-u", "-c", &block]));
    assert_eq!(run.status, 0, "{run:?}");
    for part in [
        "event: delta",
        "event: result",
        r#""name":"image.png""#,
        r#""name":"speech.wav""#,
        "It cannot hear",
    ] {
        assert!(run.stdout.contains(part), "{part} is not in {run:?}");
    }
}
