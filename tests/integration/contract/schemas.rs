//! JSON Schemas that the host validates against for a connector.

use std::time::Instant;

use connector_tests::HANG;

use super::*;

/// A guest that has the host validate a value, and succeeds whatever the result
/// is.
fn validating(schema: &str, instance: &str) -> Connector {
    let guest = large()
        .with(include_str!("../../guests/validate.wat"))
        .value("json-schema", "types.choice", json!({ "label": schema }))
        .value("instance", "types.choice", json!({ "label": instance }))
        .value("answer", "actions.run", Value::Null);
    load(&guest)
}

#[test]
fn validation_of_a_recursive_schema_terminates() {
    for schema in [
        r##"{"$ref":"#"}"##,
        r##"{"allOf":[{"$ref":"#"}]}"##,
        r##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}"##,
        r##"{"anyOf":[{"$ref":"#"},{"$ref":"#"}],"not":{"$ref":"#"}}"##,
    ] {
        assert_serves(&validating(schema, "{}"));
    }
}

/// A chain of `count` definitions, each built from the next one.
fn chain(count: usize, made: impl Fn(Value) -> Value) -> String {
    let reference = |n: usize| json!({ "$ref": format!("#/$defs/d{n}") });
    let mut schema = reference(0);
    schema["$defs"] = (0..count).map(|n| (format!("d{n}"), made(reference(n + 1)))).collect();
    schema["$defs"][format!("d{count}")] = json!({ "type": "string" });
    schema.to_string()
}

#[test]
fn validation_with_an_exponential_schema_ends_with_the_run() {
    let connector = validating(&chain(60, |next| json!({ "allOf": [next, next] })), "\"x\"");
    let started = Instant::now();
    let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let failure = contained(act_within(&connector, limits));
    assert_failure(&failure, FailureKind::Timeout, "exceeded its time limit");
    assert!(started.elapsed() < HANG, "{:?}", started.elapsed());
}

#[test]
fn a_long_chain_of_references_does_not_crash_the_process() {
    for count in [100, 10_000] {
        assert_serves(&validating(&chain(count, |next| json!({ "allOf": [next] })), "1"));
    }
}

#[test]
fn catastrophic_patterns_and_remote_references_terminate_immediately() {
    let server = listener();
    let elsewhere = format!("http://{}/schema.json", server.local_addr().unwrap());
    let text = format!("\"{}!\"", "a".repeat(50_000));
    for schema in [
        json!({ "pattern": "^(a+)+$" }),
        json!({ "pattern": "(a|aa)+$" }),
        json!({ "pattern": "a{1000000}" }),
        json!({ "pattern": "(?=a)b\\1" }),
        json!({ "$ref": elsewhere }),
        json!({ "$ref": "file:///etc/passwd" }),
        json!({ "$schema": elsewhere }),
        json!({ "$id": elsewhere, "$ref": "other.json" }),
    ] {
        assert_serves(&validating(&schema.to_string(), &text));
    }
    server.set_nonblocking(true).unwrap();
    assert_eq!(server.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}
