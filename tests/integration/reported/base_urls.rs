//! A base URL that contains an endpoint or lacks its path is reported by runs
//! as well as by the connection test.

use connector_host::FailureKind;
use connector_tests::{connection_values, sandbox};
use openai_sandbox::Fault;
use serde_json::{Value, json};

use super::{OPENAI, body, run};

const HINT: &str = "check the base URL: it must end with the API version, such as `/v1`";

fn actions() -> [(&'static str, Value); 4] {
    [
        ("ask", json!({ "messages": [{ "content": "Hi" }] })),
        ("createImage", json!({ "imageMessages": [{ "content": "A cat" }] })),
        ("createSpeech", json!({ "input": "Hi", "voice": "alloy" })),
        ("createTranscription", json!({ "file": { "url": "talk.mp3" } })),
    ]
}

#[test]
fn a_run_gives_the_same_hint_as_the_connection_test() {
    for path in ["/chat/completions", "/models", "/images/generations", "/audio/speech"] {
        let sandbox = sandbox();
        let values = connection_values(&(sandbox.base_url() + path));
        let connection = OPENAI.connection(values).unwrap();
        let tested = OPENAI.test(&connection).unwrap_err();
        assert!(tested.message.contains(HINT), "{path}: {}", tested.message);
        for (action, input) in &actions()[..3] {
            let failure = OPENAI.run(*action, input.clone()).connection(&connection).start();
            let failure = failure.unwrap_err();
            assert_eq!(failure.kind, FailureKind::NotFound, "{path}, {action}");
            assert!(failure.message.contains(HINT), "{path}, {action}: {}", failure.message);
        }
    }
    // A base URL without its path.
    let sandbox = sandbox();
    let values = connection_values(sandbox.base_url().trim_end_matches("/v1"));
    let connection = OPENAI.connection(values).unwrap();
    let (action, input) = actions()[0].clone();
    let failure = OPENAI.run(action, input).connection(&connection).start().unwrap_err();
    assert!(failure.message.contains(HINT), "{}", failure.message);
}

#[test]
fn every_form_of_an_unknown_path_gets_the_hint() {
    for (status, text) in [
        (404, r#"{"detail":"Not Found"}"#),
        (404, r#"{"error":"Not Found"}"#),
        (404, "404 page not found"),
        (404, "<html><title>404 Not Found</title></html>"),
        (404, ""),
        (405, r#"{"detail":"Method Not Allowed"}"#),
    ] {
        for (action, input) in actions() {
            let answer = Fault::Status { status, headers: Vec::new(), body: text.into() };
            let ran = run(action, input)
                .file("talk.mp3", *b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\0")
                .answers([answer])
                .start();
            let failure = ran.result.as_ref().unwrap_err();
            assert!(failure.message.contains(HINT), "{action}: {}", failure.message);
        }
    }
}

#[test]
fn an_unknown_model_is_not_an_unknown_path() {
    for text in [
        r#"{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}"#,
        r#"{"object":"error","message":"The model `x` does not exist.","code":404}"#,
        r#"{"error":{"message":"model \"x\" not found, try pulling it first"}}"#,
    ] {
        let answer = Fault::Status { status: 404, headers: Vec::new(), body: text.into() };
        let (action, input) = actions()[0].clone();
        let ran = run(action, input).answers([answer]).start();
        let failure = ran.failure(FailureKind::NotFound);
        assert!(!failure.message.contains("base URL"), "{}", failure.message);
        assert_eq!(failure.property.as_deref(), Some("model"));
    }
}

#[test]
fn a_web_page_instead_of_json_gets_the_hint() {
    let page = || body("text/html", "<!doctype html><title>Welcome</title>");
    for (action, input) in &actions()[..2] {
        let ran = run(action, input.clone()).answers([page()]).start();
        let failure = ran.failure(FailureKind::InvalidOutput);
        assert!(failure.message.contains("a web page instead of JSON"), "{}", failure.message);
        assert!(failure.message.contains(HINT), "{}", failure.message);
    }
}
