//! Tests of the greeter with a fake host.

use connector_sdk::FailureKind;
use connector_sdk::serde_json::json;
use connector_sdk::testing::{Answer, Host};
use greeter_rust::CONNECTOR;

#[test]
fn returns_the_greeting_from_the_server() {
    let host = Host::new(&CONNECTOR).answer(Answer::json(200, json!({ "text": "Hello, Ada" })));
    let outcome = host.run("greet", json!({ "name": "Ada" })).unwrap();
    assert_eq!(outcome.output, json!({ "text": "Hello, Ada" }));
    assert_eq!(host.requests()[0].to_string(), "GET /greet?name=Ada");
}

#[test]
fn an_error_from_the_server_becomes_a_failure() {
    let host = Host::new(&CONNECTOR).answer(Answer::json(429, json!({ "error": "Slow down." })));
    let failure = host.run("greet", json!({ "name": "Ada" })).unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::RateLimited, "Slow down"));
}
