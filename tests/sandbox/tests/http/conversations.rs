//! `/v1/conversations`.

use serde_json::json;

use crate::client;

const PATH: &str = "/v1/conversations";

#[test]
fn a_conversation_can_be_created_changed_and_deleted() {
    let sandbox = client::start();
    let body = json!({
        "items": [{"role": "user", "content": "Hi"}], "metadata": {"topic": "demo"},
    });
    let created = client::post(&sandbox, PATH, &body).json();
    assert_eq!(created["object"], "conversation");
    assert_eq!(created["metadata"], json!({"topic": "demo"}));
    let path = format!("{PATH}/{}", created["id"].as_str().unwrap());
    assert_eq!(client::get(&sandbox, &path).json(), created);
    let changed = client::post(&sandbox, &path, &json!({"metadata": {"topic": "other"}})).json();
    assert_eq!(changed["metadata"], json!({"topic": "other"}));
    assert_eq!(client::get(&sandbox, &path).json(), changed);
    let deleted = client::request(&sandbox, &format!("DELETE {path}"), &[], b"").json();
    assert_eq!(deleted["object"], "conversation.deleted");
    for line in [format!("GET {path}"), format!("DELETE {path}")] {
        assert_eq!(client::request(&sandbox, &line, &[], b"").status, 404, "{line}");
    }
    assert_eq!(client::get(&sandbox, &format!("{PATH}/conv_sandbox")).status, 200);
}

#[test]
fn enforces_the_rules() {
    let pairs = |count: usize| json!({"metadata": (0..count).map(|at| (at.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>()});
    client::check_rules(
        PATH,
        &json!({}),
        &[
            (json!({"title": "x"}), "unknown field `title`"),
            (json!({"items": [{"content": "x"}]}), "missing field `role`"),
            (pairs(16), ""),
            (pairs(17), "'metadata'"),
            (json!({"metadata": {"x".repeat(64): "x".repeat(512)}}), ""),
            (json!({"metadata": {"x".repeat(65): "x"}}), "'metadata'"),
            (json!({"metadata": {"x": "x".repeat(513)}}), "'metadata'"),
            (json!({"metadata": {"x": 1}}), "'metadata'"),
        ],
    );
    client::check_rules(
        &format!("{PATH}/conv_sandbox"),
        &json!({"metadata": {}}),
        &[(json!({"metadata": null}), "missing field `metadata`"), (pairs(17), "'metadata'")],
    );
}
