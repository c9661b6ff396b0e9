//! Tests of the actions on conversations with a fake host and API.

use connector_sdk::FailureKind;
use connector_sdk::testing::{Answer, Host};
use serde_json::{Value, json};

use crate::CONNECTOR;

fn host(answer: Value) -> Host {
    Host::new(&CONNECTOR).answer(Answer::json(200, answer).header("x-request-id", "req_1"))
}

fn conversation() -> Value {
    json!({
        "id": "conv_1", "object": "conversation", "created_at": 1_741_900_000,
        "metadata": { "topic": "demo" },
    })
}

#[test]
fn creates_gets_and_updates() {
    let message = json!({ "role": "user", "content": "Hi" });
    for (action, input, request, body) in [
        ("createConversation", json!({}), "POST /conversations", json!({})),
        (
            "createConversation",
            json!({ "items": [{ "content": "Hi" }], "metadata": { "topic": "demo" } }),
            "POST /conversations",
            json!({ "items": [message], "metadata": { "topic": "demo" } }),
        ),
        (
            "getConversation",
            json!({ "conversationId": "conv_1" }),
            "GET /conversations/conv_1",
            json!(null),
        ),
        (
            "updateConversation",
            json!({ "conversationId": "conv_1", "metadata": { "topic": "demo" } }),
            "POST /conversations/conv_1",
            json!({ "metadata": { "topic": "demo" } }),
        ),
        (
            "updateConversation",
            json!({ "conversationId": "conv_1" }),
            "POST /conversations/conv_1",
            json!({ "metadata": {} }),
        ),
    ] {
        let host = host(conversation());
        let outcome = host.run(action, input).unwrap();
        let expected = json!({
            "id": "conv_1", "metadata": { "topic": "demo" }, "createdAt": 1_741_900_000,
        });
        assert_eq!(outcome.output, expected, "{action}");
        assert_eq!(json!(outcome.metadata), json!({ "requestId": "req_1" }), "{action}");
        let sent = host.requests().remove(0);
        assert_eq!((sent.to_string().as_str(), sent.body), (request, body));
    }
}

#[test]
fn deletes() {
    let host = host(json!({ "id": "conv_1", "object": "conversation.deleted", "deleted": true }));
    let outcome = host.run("deleteConversation", json!({ "conversationId": "conv_1" })).unwrap();
    assert_eq!(outcome.output, json!({ "id": "conv_1" }));
    assert_eq!(host.requests()[0].to_string(), "DELETE /conversations/conv_1");
}

#[test]
fn rejects_invalid_input_before_the_request() {
    for action in ["getConversation", "updateConversation", "deleteConversation"] {
        for id in ["", "..", "../models", "a/items", "a?b", "a#b", "%2e%2e", "a%2fitems", "a\tb"] {
            let host = Host::new(&CONNECTOR);
            let failure = host.run(action, json!({ "conversationId": id })).unwrap_err();
            assert_eq!(failure.property.as_deref(), Some("conversationId"), "{action} {id}");
            assert!(host.requests().is_empty());
        }
    }
    let metadata = json!({ "ä".repeat(65): "x" });
    for (action, input) in [
        ("createConversation", json!({ "metadata": metadata })),
        ("updateConversation", json!({ "conversationId": "conv_1", "metadata": metadata })),
    ] {
        let failure = Host::new(&CONNECTOR).run(action, input).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some("metadata"), "{action}");
        assert!(failure.message.contains("64 characters"), "{failure}");
    }
    let metadata = json!({ "ä".repeat(64): "x" });
    host(conversation()).run("createConversation", json!({ "metadata": metadata })).unwrap();
}

#[test]
fn malformed_responses_are_failures() {
    let input = || json!({ "conversationId": "conv_1" });
    for answer in [json!({}), json!([]), json!(null), json!({ "id": null }), json!({ "id": 7 })] {
        let failure = host(answer.clone()).run("getConversation", input()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidOutput, "{answer}");
        assert_eq!(failure.message, "the provider returned no conversation", "{answer}");
        assert_eq!(failure.request_id.as_deref(), Some("req_1"));
    }
    let error = json!({ "error": { "message": "Slow down", "code": 429 } });
    let failure = host(error).run("getConversation", input()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::RateLimited);
    let odd = json!({ "id": "conv_1", "metadata": null, "created_at": "now" });
    let outcome = host(odd).run("getConversation", input()).unwrap();
    assert_eq!(outcome.output, json!({ "id": "conv_1", "metadata": {} }));

    let missing = json!({ "error": { "message": "Conversation with id 'conv_1' not found." } });
    let host = Host::new(&CONNECTOR).answer(Answer::json(404, missing));
    let failure = host.run("deleteConversation", input()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert_eq!(failure.message, "Conversation with id 'conv_1' not found");
}
