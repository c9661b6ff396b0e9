//! Tests of the actions on stored responses with a fake host and API.

use connector_sdk::testing::{Answer, Host};
use connector_sdk::{FailureKind, FileEntry};
use serde_json::{Value, json};

use crate::CONNECTOR;

fn host(answers: impl IntoIterator<Item = Answer>) -> Host {
    let answers = answers.into_iter().map(|answer| answer.header("x-request-id", "req_1"));
    answers.fold(Host::new(&CONNECTOR), Host::answer)
}

fn response(status: &str) -> Value {
    json!({ "id": "resp_1", "status": status, "output": [] })
}

/// The requests, one per line.
fn sent(host: &Host) -> Vec<String> {
    host.requests().iter().map(ToString::to_string).collect()
}

#[test]
fn returns_a_complete_response() {
    let cited = json!({ "type": "url_citation", "url": "https://a.example", "title": "A" });
    let call = json!({
        "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}",
    });
    let search = json!({ "type": "file_search_call", "id": "fs_1", "queries": ["a"] });
    let answer = json!({
        "id": "resp_1", "object": "response", "created_at": 1_700_000_000.5,
        "completed_at": 1_700_000_060, "status": "completed", "model": "gpt-x", "error": null,
        "incomplete_details": null, "previous_response_id": "resp_0",
        "conversation": { "id": "conv_1" }, "metadata": { "run": "1" },
        "output": [
            { "type": "reasoning", "summary": [{ "type": "summary_text", "text": "Hm" }] },
            search,
            { "type": "image_generation_call", "id": "ig_1", "result": "aGk=" },
            { "type": "message", "role": "assistant", "content": [
                { "type": "output_text", "text": "Hello", "annotations": [cited] },
            ]},
            call,
        ],
        "usage": { "input_tokens": 3, "output_tokens": 2, "total_tokens": 5 },
    });
    let host = host([Answer::json(200, answer)]);
    let outcome = host.run("getResponse", json!({ "responseId": "resp_1" })).unwrap();
    let file = json!(outcome.output["files"][0]);
    let entry: FileEntry = serde_json::from_value(file.clone()).unwrap();
    assert_eq!(host.content(&entry).unwrap(), b"hi");
    let expected = json!({
        "id": "resp_1", "status": "completed", "text": "Hello",
        "citations": [{ "url": "https://a.example", "title": "A" }],
        "reasoningSummary": "Hm", "files": [file],
        "toolCalls": [search, { "type": "image_generation_call", "id": "ig_1", "file": file }],
        "approvalRequests": [], "functionCalls": [call], "model": "gpt-x",
        "previousResponseId": "resp_0", "conversation": "conv_1", "metadata": { "run": "1" },
        "createdAt": 1_700_000_000, "completedAt": 1_700_000_060,
    });
    assert_eq!(outcome.output, expected);
    let expected = json!({
        "model": "gpt-x", "requestId": "req_1",
        "usage": { "promptTokens": 3, "completionTokens": 2, "totalTokens": 5 },
    });
    assert_eq!(json!(outcome.metadata), expected);
    assert_eq!(sent(&host), ["GET /responses/resp_1"]);
}

#[test]
fn returns_a_response_with_any_status() {
    for (more, expected) in [
        (json!({ "status": "queued", "output": null }), json!({ "status": "queued" })),
        (json!({ "status": "in_progress" }), json!({ "status": "in_progress" })),
        (json!({ "status": "cancelled" }), json!({ "status": "cancelled" })),
        (
            json!({ "status": "incomplete", "incomplete_details": { "reason": "content_filter" } }),
            json!({ "status": "incomplete", "incompleteReason": "content_filter" }),
        ),
        (
            json!({ "status": "failed", "error": { "code": "server_error", "message": "No." } }),
            json!({ "status": "failed", "error": { "code": "server_error", "message": "No." } }),
        ),
        (
            json!({ "status": "completed", "output": [{ "type": "message", "content": [
                { "type": "refusal", "refusal": "I can't." },
            ]}]}),
            json!({ "status": "completed", "refusal": "I can't." }),
        ),
        // Members that are null or of another type count as absent.
        (
            json!({ "status": "completed", "created_at": "now", "completed_at": -1, "usage": [],
                    "metadata": {}, "conversation": null, "model": 7 }),
            json!({ "status": "completed" }),
        ),
    ] {
        let mut answer = response("");
        answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let host = host([Answer::json(200, answer)]);
        let outcome = host.run("getResponse", json!({ "responseId": "resp_1" })).unwrap();
        let mut whole = json!({
            "id": "resp_1", "citations": [], "files": [], "toolCalls": [], "approvalRequests": [],
            "functionCalls": [],
        });
        whole.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
        assert_eq!(outcome.output, whole, "{more}");
        assert_eq!(json!(outcome.metadata), json!({ "requestId": "req_1" }), "{more}");
    }
}

#[test]
fn waits_until_the_response_has_ended() {
    let states = ["queued", "in_progress", "in_progress", "failed"];
    let host = host(states.map(|state| Answer::json(200, response(state))));
    let input = json!({ "responseId": "resp_1", "wait": true, "include": ["a", "b"] });
    let outcome = host.run("getResponse", input).unwrap();
    assert_eq!(outcome.output["status"], "failed");
    assert_eq!(sent(&host), ["GET /responses/resp_1?include[]=a&include[]=b"; 4]);
    let events: Vec<_> = host.events().iter().map(|event| event["status"].clone()).collect();
    assert_eq!(events, [json!(null), json!("queued"), json!("in progress")]);

    let host = self::host([Answer::json(200, response("completed"))]);
    host.run("getResponse", json!({ "responseId": "resp_1", "wait": true })).unwrap();
    assert_eq!((sent(&host).len(), host.events().len()), (1, 0));
}

#[test]
fn cancelling_a_run_that_waits_leaves_the_response_alone() {
    let host = host([Answer::json(200, response("queued"))]).cancelled_after(2);
    let input = json!({ "responseId": "resp_1", "wait": true });
    assert_eq!(host.run("getResponse", input).unwrap_err().kind, FailureKind::Cancelled);
    assert_eq!(sent(&host), ["GET /responses/resp_1"]);
}

#[test]
fn cancels_and_deletes() {
    let host = host([
        Answer::json(200, response("cancelled")),
        Answer::json(200, json!({ "id": "resp_1", "object": "response", "deleted": true })),
        Answer::content(204, "text/plain", ""),
    ]);
    let input = json!({ "responseId": "resp_1" });
    let outcome = host.run("cancelResponse", input.clone()).unwrap();
    assert_eq!(outcome.output["status"], "cancelled");
    for _ in 0..2 {
        let outcome = host.run("deleteResponse", input.clone()).unwrap();
        assert_eq!(outcome.output, json!({ "id": "resp_1" }));
        assert_eq!(outcome.metadata["requestId"], "req_1");
    }
    let delete = "DELETE /responses/resp_1";
    assert_eq!(sent(&host), ["POST /responses/resp_1/cancel", delete, delete]);
}

#[test]
fn rejects_an_id_that_could_reach_another_path() {
    for action in ["getResponse", "cancelResponse", "deleteResponse"] {
        for id in ["", "..", "../models", "a/b", "a?b", "a#b", "%2e%2e", "a%2fb", "a\nb"] {
            let host = host([]);
            let failure = host.run(action, json!({ "responseId": id })).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidInput, "{action} {id}");
            assert_eq!(failure.property.as_deref(), Some("responseId"), "{action} {id}");
            assert!(host.requests().is_empty());
        }
    }
}

#[test]
fn explains_errors() {
    use FailureKind::{InvalidOutput, NotFound, RateLimited, Refused};
    let missing = r#"{"error":{"message":"Response with id 'resp_1' not found.","type":"invalid_request_error"}}"#;
    let late = r#"{"error":{"message":"Only background responses can be cancelled."}}"#;
    let limit = r#"{"error":{"message":"Slow down","code":429}}"#;
    for action in ["getResponse", "cancelResponse"] {
        for (status, body, kind, message) in [
            (404, missing, NotFound, "Response with id 'resp_1' not found"),
            (404, "not here", NotFound, "not here; the server may not support the Responses API"),
            (400, late, Refused, "Only background responses can be cancelled"),
            (200, limit, RateLimited, "Slow down"),
            (200, "", InvalidOutput, "the provider's response is"),
            (200, "<html>", InvalidOutput, "the provider returned a web page"),
            (200, "[]", InvalidOutput, "the provider returned no answer"),
            (200, "{}", InvalidOutput, "the provider returned no answer"),
        ] {
            let answer = Answer::content(status, "application/json", body);
            let failure =
                host([answer]).run(action, json!({ "responseId": "resp_1" })).unwrap_err();
            assert_eq!(failure.kind, kind, "{action} {body}");
            assert!(failure.message.starts_with(message), "{action} {failure}");
            assert_eq!(failure.request_id.as_deref(), Some("req_1"));
        }
    }
}
