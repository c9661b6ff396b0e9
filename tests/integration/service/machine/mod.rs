//! Faults of the machine that the service runs on. Everything the service has
//! reported stays true, nothing incomplete is visible, and when the machine
//! recovers, so does the service.

mod disk;
mod kill;
mod limits;

use std::time::Duration;

use connector_tests::HANG;
use connector_tests::service::Service;
use openai_sandbox::Sandbox;
use serde_json::{Value, json};

use super::{API, Answer, JSON, OPENAI, answer, inline, post, question, send};

fn ask(service: &Service, sandbox: &Sandbox) -> Answer {
    post(service, &run_of("ask"), &question(sandbox))
}

fn ask_with_key(service: &Service, key: &str, body: &Value) -> Answer {
    let headers = [JSON, ("idempotency-key", key)];
    answer(send(service, "POST", &run_of("ask"), &headers, body.to_string()))
}

/// A run that creates a 240 KB file.
fn speak(service: &Service, sandbox: &Sandbox) -> Answer {
    let input = json!({ "input": long_text(), "voice": "alloy", "responseFormat": "wav" });
    let body = json!({ "input": input, "connection": inline(sandbox) });
    post(service, &run_of("createSpeech"), &body)
}

fn long_text() -> String {
    "hello world ".repeat(340)
}

fn upload(service: &Service, name: &str, content: &[u8]) -> Answer {
    let path = format!("{API}/files?name={name}");
    answer(send(service, "POST", &path, &[], content))
}

fn store(service: &Service, sandbox: &Sandbox, name: &str) -> Answer {
    let new = json!({ "name": name, "component": "openai/v1", "values": inline(sandbox) });
    post(service, &format!("{API}/connections"), &new)
}

fn run_of(action: &str) -> String {
    format!("{OPENAI}/actions/{action}/run")
}
