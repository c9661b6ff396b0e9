//! Unit tests with a stand-in for the host and recorded responses.

use connector_sdk::FailureKind;
use connector_sdk::serde_json::json;
use connector_sdk::testing::{Answer, Host, faults};
use {{crate}}_connector::CONNECTOR;

#[test]
fn the_declaration_has_no_faults() {
    assert_eq!(faults(&CONNECTOR), [""; 0]);
}

#[test]
fn returns_the_recorded_item() {
    let host = Host::new(&CONNECTOR).recording("recorded/get-item.json");
    let outcome = host.run("getItem", json!({ "id": "17" })).unwrap();
    assert_eq!(outcome.output, json!({ "id": "17", "name": "A recorded item" }));
}

#[test]
fn a_missing_item_is_not_found() {
    let answer = Answer::json(404, json!({ "error": { "message": "No such item" } }));
    let failure =
        Host::new(&CONNECTOR).answer(answer).run("getItem", json!({ "id": "18" })).unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::NotFound, "No such item"));
}
