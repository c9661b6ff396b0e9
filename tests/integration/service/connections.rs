//! Stored connections over HTTP: secrets can be stored but never read.

use connector_tests::service::Service;
use connector_tests::{CANARY, sandbox};
use serde_json::{Value, json};

use super::{API, JSON, OPENAI, answer, get, inline, post, send};

fn put(service: &Service, id: &str, body: &Value) -> super::Answer {
    let path = format!("{API}/connections/{id}");
    answer(send(service, "PUT", &path, &[JSON], body.to_string()))
}

#[test]
fn a_connection_is_stored_used_changed_and_deleted() {
    let (service, sandbox) = (Service::start(), sandbox());
    let path = format!("{API}/connections");
    let new = json!({ "name": "Mine", "component": "openai/v1", "values": inline(&sandbox) });
    let made = post(&service, &path, &new).expect(201);
    let shown = made.json();
    let id = shown["id"].as_str().unwrap().to_owned();
    assert_eq!(shown["secrets"], json!(["token"]));
    assert_eq!(shown["values"], json!({ "baseUrl": sandbox.base_url() }));

    let run = |connection: &str| {
        let input = json!({ "messages": [{ "role": "user", "content": "Hi" }] });
        let body = json!({ "input": input, "connection": connection });
        post(&service, &format!("{OPENAI}/actions/ask/run"), &body)
    };
    run(&id).expect(200);

    // If the token is omitted, it is kept.
    let renamed = json!({ "name": "Ours", "values": { "baseUrl": sandbox.base_url() } });
    let replaced = put(&service, &id, &renamed).expect(200).json();
    assert_eq!((&replaced["name"], &replaced["secrets"]), (&json!("Ours"), &json!(["token"])));
    run(&id).expect(200);

    // After the token is replaced, runs no longer use the old one.
    let other = json!({ "name": "Ours", "values": {
        "baseUrl": sandbox.base_url(), "token": "sk-other",
    }});
    put(&service, &id, &other).expect(200);
    assert_eq!(run(&id).problem(401), "unauthorized");

    let list = get(&service, &path).expect(200);
    assert_eq!(list.json()["connections"].as_array().unwrap().len(), 1);
    let one = get(&service, &format!("{path}/{id}")).expect(200);
    for answer in [&made, &list, &one] {
        assert!(!answer.text.contains(CANARY) && !answer.text.contains("sk-other"));
    }
    let path = format!("{path}/{id}");
    assert_eq!(answer(send(&service, "DELETE", &path, &[], "")).status, 204);
    assert_eq!(get(&service, &path).problem(404), "not-found");
    assert_eq!(run(&id).problem(404), "not-found");
}

#[test]
fn invalid_connections_are_rejected() {
    let (service, sandbox) = (Service::start(), sandbox());
    let path = format!("{API}/connections");
    let new = |name: &str, component: &str, values: Value| {
        post(&service, &path, &json!({ "name": name, "component": component, "values": values }))
    };
    assert_eq!(new("a", "openai/v1", json!({})).problem(401), "unauthorized");
    let wrong = new("a", "openai/v1", json!({ "token": "sk", "baseUrl": "ftp://x" }));
    assert_eq!(wrong.problem(422), "invalid-input");
    assert_eq!(wrong.json()["failure"]["property"], "baseUrl");
    assert_eq!(new("a", "nobody/v1", json!({})).problem(404), "not-found");
    assert_eq!(new("", "openai/v1", inline(&sandbox)).problem(422), "invalid-input");
    new("a", "openai/v1", inline(&sandbox)).expect(201);
    assert_eq!(new("a", "openai/v1", inline(&sandbox)).problem(409), "conflict");
    assert_eq!(put(&service, "conn_nothing", &json!({ "name": "x", "values": {} })).status, 404);
}
