//! Tests of the connector with a fake host and API.

use crate::CONNECTOR;
use connector_sdk::json_schema::{Invalid, Violation};
use connector_sdk::testing::{self, Answer, Host};
use connector_sdk::{Failure, FailureKind};
use serde_json::{Value, json};

fn host(answer: Answer) -> Host {
    Host::new(&CONNECTOR).answer(answer.header("request-id", "req_1"))
}

/// A question with additional members.
fn input(more: Value) -> Value {
    let mut input =
        json!({ "model": "claude-x", "messages": [{ "role": "user", "content": "Hi" }] });
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

fn ask(host: &Host, more: Value) -> Result<testing::Outcome, Failure> {
    host.run("ask", input(more))
}

fn message(content: Value, stop_reason: &str) -> Answer {
    Answer::json(
        200,
        json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
            "content": content, "stop_reason": stop_reason, "stop_sequence": null,
            "usage": { "input_tokens": 7, "output_tokens": 2, "cache_read_input_tokens": 5 },
        }),
    )
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn good_morning() -> Answer {
    let thinking = json!({ "type": "thinking", "thinking": "Hm" });
    message(json!([thinking, text("Good "), text("morning")]), "end_turn")
}

fn structured(schema: &str) -> Value {
    json!({ "responseFormat": "structured", "responseSchema": schema })
}

fn error(status: u16, kind: &str, message: &str) -> Failure {
    let error = json!({ "type": "error", "error": { "type": kind, "message": message } });
    ask(&host(Answer::json(status, error)), json!({})).unwrap_err()
}

#[test]
fn a_request_contains_the_given_properties() {
    let tools = json!([{
        "name": "answer", "description": "Gives the answer to the user.",
        "input_schema": { "type": "object" },
    }]);
    let tool_choice = json!({ "type": "tool", "name": "answer" });
    for (more, expected) in [
        (json!({}), json!({ "max_tokens": 4096 })),
        (
            json!({
                "system": "Be brief", "temperature": 0, "stopSequences": ["."], "maxTokens": 9,
            }),
            json!({
                "system": "Be brief", "temperature": 0, "stop_sequences": ["."], "max_tokens": 9,
            }),
        ),
        (
            structured(r#"{"type":"object"}"#),
            json!({ "max_tokens": 4096, "tools": tools, "tool_choice": tool_choice }),
        ),
    ] {
        let host = host(good_morning());
        // Only the request matters.
        let _ = ask(&host, more);
        let request = host.requests().remove(0);
        assert_eq!(
            (request.to_string().as_str(), request.body),
            ("POST /v1/messages", input(expected))
        );
        assert_eq!(request.headers, [("anthropic-version".to_owned(), "2023-06-01".to_owned())]);
    }
}

#[test]
fn returns_the_text_and_metadata() {
    let outcome = ask(&host(good_morning()), json!({})).unwrap();
    assert_eq!(outcome.output, "Good morning");
    let expected = json!({
        "model": "claude-x", "finishReasons": ["end_turn"], "requestId": "req_1",
        "usage": { "inputTokens": 7, "outputTokens": 2, "cachedTokens": 5 },
    });
    assert_eq!(Value::Object(outcome.metadata), expected);
}

/// The events of a stream that answers "Good morning".
fn events() -> Vec<Value> {
    let usage = json!({ "input_tokens": 7, "output_tokens": 1, "cache_read_input_tokens": 5 });
    let message =
        json!({ "model": "claude-x", "content": [], "stop_reason": null, "usage": usage });
    let delta = |text: &str| json!({ "type": "content_block_delta", "delta": { "type": "text_delta", "text": text } });
    vec![
        json!({ "type": "message_start", "message": message }),
        json!({ "type": "ping" }),
        delta("Good "),
        json!({ "type": "new" }),
        delta("morning"),
        json!({
            "type": "message_delta", "delta": { "stop_reason": "end_turn" },
            "usage": { "output_tokens": 2 },
        }),
        json!({ "type": "message_stop" }),
    ]
}

#[test]
fn a_streamed_answer_equals_a_complete_one() {
    let host = host(Answer::events(events())).streaming();
    assert_eq!(
        ask(&host, json!({})).unwrap(),
        ask(&self::host(good_morning()), json!({})).unwrap()
    );
    let pieces: Vec<_> = host.events().iter().map(|event| event["text"].clone()).collect();
    assert_eq!(pieces, ["Good ", "morning"]);
    assert_eq!(host.requests()[0].body["stream"], true);
}

#[test]
fn a_stream_that_does_not_end_properly_is_a_failure() {
    let error = json!({ "type": "overloaded_error", "message": "Overloaded" });
    let error = json!({ "type": "error", "error": error });
    for (more, kind, message) in [
        (None, FailureKind::InvalidOutput, "the answer ended early"),
        (Some(error), FailureKind::Unavailable, "Overloaded"),
        (Some(json!([1])), FailureKind::InvalidOutput, "unexpected event from the provider"),
    ] {
        let events = events().into_iter().take(3).chain(more);
        let failure = ask(&host(Answer::events(events)).streaming(), json!({})).unwrap_err();
        assert_eq!((failure.kind, failure.request_id.as_deref()), (kind, Some("req_1")));
        assert!(failure.message.starts_with(message), "{failure}");
    }
    let cancelled = host(Answer::events(events())).streaming().cancelled_after(1);
    assert_eq!(ask(&cancelled, json!({})).unwrap_err().kind, FailureKind::Cancelled);
}

#[test]
fn reads_the_object_from_the_tool_call() {
    let call = json!({ "type": "tool_use", "id": "t", "name": "answer", "input": { "a": 1 } });
    let schema = structured(r#"{"type":"object"}"#);
    let ask =
        |content: &Value, reason| ask(&host(message(json!([content]), reason)), schema.clone());
    assert_eq!(ask(&call, "tool_use").unwrap().output, json!({ "a": 1 }));
    let cut = ask(&call, "max_tokens").unwrap_err();
    assert_eq!(cut.property.as_deref(), Some("maxTokens"));
    let other = ask(&text("No"), "end_turn").unwrap_err();
    assert_eq!((other.kind, other.detail.as_deref()), (FailureKind::InvalidOutput, Some("No")));
}

#[test]
fn rejects_an_answer_that_does_not_match_the_schema() {
    let call = json!({ "type": "tool_use", "id": "t", "name": "answer", "input": { "a": null } });
    let violation = Violation { path: "/a".to_owned(), message: "is null".to_owned() };
    let host = host(message(json!([call]), "tool_use"))
        .invalid(Invalid::NotJson("the schema itself is validated first".to_owned()))
        .invalid(Invalid::Instance(vec![violation]));
    let failure = ask(&host, structured(r#"{"type":"object"}"#)).unwrap_err();
    assert_eq!(failure.message, "the answer does not match the schema: /a: is null");
    assert_eq!(failure.detail.as_deref(), Some(r#"{"a":null}"#));
}

#[test]
fn a_refusal_is_a_failure() {
    let schema = structured(r#"{"type":"object"}"#);
    for more in [json!({}), schema] {
        let answer = message(json!([text("I cannot")]), "refusal");
        let failure = ask(&host(answer), more).unwrap_err();
        assert_eq!(
            (failure.kind, failure.detail.as_deref()),
            (FailureKind::Refused, Some("I cannot"))
        );
    }
}

#[test]
fn rejects_a_schema_that_does_not_describe_an_object() {
    for schema in ["", "{", "[]", "true", "{}", r#"{"type":"string"}"#] {
        let host = Host::new(&CONNECTOR);
        let failure = ask(&host, structured(schema)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidInput, "{schema}");
        assert_eq!(failure.property.as_deref(), Some("responseSchema"));
        assert!(host.requests().is_empty());
    }
}

#[test]
fn the_output_is_text_or_what_the_schema_describes() {
    let schema = |more: Value| {
        let mut input = input(more);
        input["maxTokens"] = json!(1);
        Host::new(&CONNECTOR).output_schema("ask", input).unwrap().to_string()
    };
    assert_eq!(schema(json!({})), r#"{"type":"string"}"#);
    let object = r#"{"type":"object","properties":{"b":{},"a":{}}}"#;
    assert_eq!(schema(structured(object)), object);
}

#[test]
fn maps_errors_to_kinds() {
    for (status, code, kind) in [
        (400, "invalid_request_error", FailureKind::Refused),
        (401, "authentication_error", FailureKind::Unauthorized),
        (402, "billing_error", FailureKind::QuotaExceeded),
        (403, "permission_error", FailureKind::Forbidden),
        (404, "not_found_error", FailureKind::NotFound),
        (413, "request_too_large", FailureKind::TooLarge),
        (429, "rate_limit_error", FailureKind::RateLimited),
        (500, "api_error", FailureKind::Unavailable),
        (504, "timeout_error", FailureKind::Unavailable),
        (529, "overloaded_error", FailureKind::Unavailable),
    ] {
        let failure = error(status, code, "Something failed.");
        assert_eq!((failure.kind, failure.message.as_str()), (kind, "Something failed"), "{code}");
        assert_eq!((failure.status, failure.code.as_deref()), (Some(status), Some(code)));
        // In the middle of a stream there is no status.
        let event = json!({ "type": "error", "error": { "type": code, "message": "Failed" } });
        let stream = host(Answer::events([event])).streaming();
        assert_eq!(ask(&stream, json!({})).unwrap_err().kind, kind, "{code}");
    }
    let message = "Your credit balance is too low to access the Anthropic API";
    assert_eq!(error(400, "invalid_request_error", message).kind, FailureKind::QuotaExceeded);
}

#[test]
fn names_the_property_at_fault() {
    for (message, expected) in [
        ("max_tokens: 9 is too many", Some("maxTokens")),
        ("messages.0.content: is empty", Some("messages[0].content")),
        ("messages: at least one", Some("messages")),
        ("tools.0.custom.input_schema: no schema", Some("responseSchema")),
        ("thinking: no", None),
        ("temperature is high", None),
    ] {
        let failure = error(400, "invalid_request_error", message);
        assert_eq!(failure.property.as_deref(), expected, "{message}");
    }
}

fn models() -> Answer {
    let named = json!({ "id": "claude-a-1", "display_name": "Claude A" });
    Answer::json(200, json!({ "data": [named, { "id": "b-2" }] }))
}

#[test]
fn lists_the_models_of_the_api() {
    let found = |search| {
        let host = host(models());
        let options = host.options("ask", "model", json!({}), search).unwrap().options;
        assert_eq!(host.requests()[0].to_string(), "GET /v1/models?limit=1000");
        options.into_iter().map(|option| (option.label, option.value)).collect::<Vec<_>>()
    };
    let a = ("Claude A".to_owned(), json!("claude-a-1"));
    let b = ("b-2".to_owned(), json!("b-2"));
    assert_eq!(found(""), [a.clone(), b.clone()]);
    assert_eq!(found("CLAUDE a"), [a]);
    assert_eq!(found("-2"), [b]);

    let busy = host(Answer::content(503, "text/plain", "Busy."));
    let options = busy.options("ask", "model", json!({}), "").unwrap();
    assert_eq!((options.disabled, options.placeholder.as_deref()), (true, Some("Busy")));
}

#[test]
fn the_connection_test_counts_the_models() {
    assert_eq!(host(models()).test().unwrap(), "reached the API, 2 models available");
}

#[test]
fn counts_tokens() {
    let host = host(Answer::json(200, json!({ "input_tokens": 3 })));
    let outcome = host.run("countTokens", input(json!({ "system": "Be brief" }))).unwrap();
    assert_eq!(outcome.output, json!({ "inputTokens": 3 }));
    assert_eq!(Value::Object(outcome.metadata), json!({ "requestId": "req_1" }));
    let request = host.requests().remove(0);
    assert_eq!(request.to_string(), "POST /v1/messages/count_tokens");
    assert_eq!(request.body, input(json!({ "system": "Be brief" })));
}

#[test]
fn the_declaration_has_no_faults() {
    assert_eq!(testing::faults(&CONNECTOR), [""; 0]);
}
