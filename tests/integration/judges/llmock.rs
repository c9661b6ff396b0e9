//! LLMock's verdict on how the host retries.
//!
//! LLMock reports its pauses in `Retry-After`, in whole seconds, and in
//! `retry-after-ms`, like OpenAI. It accepts every key and every model, and
//! treats requests with the same body as one call.

use std::sync::{Mutex, MutexGuard, OnceLock};

use connector_host::{Failure, FailureKind, Files, Outcome, Retries};
use connector_tests::judges::LlMock;
use connector_tests::{connection_values, openai};
use serde_json::{Value, json};

use super::shared;

fn llmock() -> MutexGuard<'static, LlMock> {
    static LLMOCK: OnceLock<Mutex<LlMock>> = OnceLock::new();
    shared(&LLMOCK, LlMock::start)
}

fn ask(llmock: &LlMock, retries: Retries) -> Result<Outcome, Failure> {
    let connector = openai();
    let connection = connector.connection(connection_values(&llmock.base_url())).unwrap();
    connector
        .run("ask", json!({ "messages": [{ "role": "user", "content": "Hi" }] }))
        .connection(&connection)
        .retries(retries)
        .start()
}

/// A verdict without even a warning.
fn perfect(attempts: u32, faults: u32) -> Value {
    json!({
        "passed": true, "calls": 1, "attempts": attempts, "faults_injected": faults,
        "errors": 0, "warnings": 0, "findings": [],
    })
}

/// The codes of the findings in a verdict.
fn complaints(verdict: &Value) -> Vec<&str> {
    let findings = verdict["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn retries_after_the_requested_pause() {
    let llmock = llmock();
    llmock.script(&json!([
        { "type": "fail", "status": 429, "retry_after": 1, "times": 2 },
        { "type": "fail", "status": 503, "retry_after": 0.3 },
    ]));
    let outcome = ask(&llmock, Retries::default()).unwrap();
    assert_ne!(outcome.output.as_str().unwrap(), "");
    assert_eq!(outcome.metadata["attempts"], 4);
    assert!(outcome.metadata["durationMs"].as_u64().unwrap() >= 2300, "{outcome:?}");
    assert_eq!(llmock.verdict(), perfect(4, 3));
}

#[test]
fn gives_up_on_a_provider_that_does_not_recover() {
    let llmock = llmock();
    let forever = Value::Null;
    llmock.script(&json!([
        { "type": "fail", "status": 429, "retry_after": 0.2, "times": forever },
    ]));
    let failure = ask(&llmock, Retries::default()).unwrap_err();
    assert_eq!(
        (failure.kind, failure.status, failure.retry_after_ms),
        (FailureKind::RateLimited, Some(429), Some(200))
    );
    assert_eq!(failure.message, "Rate limit exceeded");
    assert_eq!(llmock.verdict(), perfect(Retries::default().attempts, 4));
}

#[test]
fn permanent_errors_are_not_retried() {
    let llmock = llmock();
    for status in [400, 401, 403, 404, 422] {
        llmock.script(&json!([{ "type": "fail", "status": status, "times": 2 }]));
        let failure = ask(&llmock, Retries::default()).unwrap_err();
        assert_eq!(failure.status, Some(status));
        assert_eq!(llmock.verdict(), perfect(1, 1), "{status}");
    }
}

#[test]
fn requests_for_images_are_retried_too() {
    let (llmock, connector) = (llmock(), openai());
    llmock.script(&json!([
        { "type": "fail", "status": 503, "retry_after": 0.5 },
        { "type": "fail", "status": 429, "retry_after": 1 },
    ]));
    let connection = connector.connection(connection_values(&llmock.base_url())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // LLMock's image models return links unless the request says otherwise,
    // like OpenAI's older ones.
    let input = json!({
        "model": "dall-e-3", "responseFormat": "b64_json",
        "imageMessages": [{ "content": "A lighthouse" }],
    });
    let outcome = connector
        .run("createImage", input)
        .connection(&connection)
        .files(&Files::new(folder.path()))
        .start()
        .unwrap();
    assert!(outcome.output["files"][0]["url"].is_string(), "{outcome:?}");
    assert_eq!(outcome.metadata["attempts"], 3);
    assert_eq!(llmock.verdict(), perfect(3, 2));
}

/// LLMock's approval is meaningful only if LLMock also detects errors.
#[test]
fn llmock_detects_clients_that_retry_incorrectly() {
    let llmock = llmock();
    llmock.script(&json!([{ "type": "fail", "status": 429, "retry_after": 1 }]));
    let question = json!({ "model": "m", "messages": [{ "role": "user", "content": "Hi" }] });
    llmock.post("/v1/chat/completions", &question);
    llmock.post("/v1/chat/completions", &question);
    let verdict = llmock.verdict();
    assert_eq!(verdict["passed"], false);
    assert_eq!(complaints(&verdict), ["retry_after_ignored"]);

    llmock.script(&json!([{ "type": "fail", "status": 503 }]));
    ask(&llmock, Retries::none()).unwrap_err();
    assert_eq!(complaints(&llmock.verdict()), ["gave_up"]);
}
