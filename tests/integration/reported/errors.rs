//! The message and the kind are extracted from errors of any shape, for every
//! action.

use connector_host::FailureKind::{self, Forbidden, QuotaExceeded, RateLimited, Refused};
use connector_tests::{connection, sandbox};
use openai_sandbox::Fault;
use serde_json::{Value, json};

use super::{OPENAI, body, events, json_body, run};

fn refusal(status: u16, body: impl Into<Vec<u8>>) -> Fault {
    Fault::Status { status, headers: Vec::new(), body: body.into() }
}

/// The smallest input of each action; `talk.mp3` exists.
fn actions() -> [(&'static str, Value); 4] {
    [
        ("ask", json!({ "messages": [{ "content": "Hi" }] })),
        ("createImage", json!({ "imageMessages": [{ "content": "A cat" }] })),
        ("createSpeech", json!({ "input": "Hi", "voice": "alloy" })),
        ("createTranscription", json!({ "file": { "url": "talk.mp3" } })),
    ]
}

#[test]
fn the_message_is_extracted() {
    for (case, error) in [
        (
            "e23",
            json!({
                "result": null, "success": false, "messages": [],
                "errors": [{ "message": "No such thing", "code": 5007 }],
            }),
        ),
        ("a string", json!({ "error": "No such thing." })),
        (
            "an error in the message",
            json!({ "error": { "message": { "message": "No such thing" } } }),
        ),
        (
            "JSON in the message",
            json!({ "error": { "message": "{\"error\":{\"message\":\"No such thing\"}}" } }),
        ),
        (
            "a list in the message",
            json!({ "message": { "detail": [{ "msg": "No such thing", "type": "x" }] } }),
        ),
        ("FastAPI's", json!({ "detail": "No such thing" })),
        ("FastAPI's list", json!({ "detail": [{ "loc": [], "msg": "No such thing" }] })),
        ("FastAPI's object", json!({ "detail": { "error": { "message": "No such thing" } } })),
        ("a message", json!({ "message": "No such thing" })),
        ("OAuth's", json!({ "error": "x", "error_description": "No such thing" })),
        ("RFC 9457", json!({ "title": "Bad", "status": 400, "detail": "No such thing" })),
        ("a title alone", json!({ "title": "No such thing", "status": 400 })),
        (
            "Google's",
            json!([{ "error": { "code": 400, "message": "No such thing", "status": "X" } }]),
        ),
        (
            "with a title",
            json!({ "statusCode": 400, "error": "Bad Request", "message": "No such thing" }),
        ),
    ] {
        for (action, input) in actions() {
            let ran = run(action, input)
                .file("talk.mp3", *b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\0")
                .answers([refusal(400, error.to_string())])
                .start();
            let failure = ran.failure(Refused);
            assert_eq!(failure.message, "No such thing", "{case}, {action}");
            assert_eq!(failure.detail, Some(error.to_string()), "{case}, {action}");
        }
        // The same for the connection test and the list of models.
        let sandbox = sandbox();
        let connection = connection(&OPENAI, &sandbox);
        sandbox.script(refusal(400, error.to_string()));
        let failure = OPENAI.test(&connection).unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (Refused, "No such thing"), "{case}");
        sandbox.script(refusal(400, error.to_string()));
        let list = OPENAI.options(&connection, "ask", "model", &json!({}), None).unwrap();
        assert_eq!(list.placeholder.as_deref(), Some("No such thing"), "{case}");
    }
}

#[test]
fn the_kind_is_determined() {
    let error = |code: Value| json!({ "error": { "message": "No", "code": code } });
    for (case, answer, kind) in [
        ("no credit", refusal(403, error(json!("insufficient_quota")).to_string()), QuotaExceeded),
        ("e25", json_body(&error(json!("insufficient_quota"))), QuotaExceeded),
        (
            "e25, by its type",
            json_body(&json!({ "error": { "message": "No", "type": "insufficient_quota" } })),
            QuotaExceeded,
        ),
        ("a limit in a 200", json_body(&error(json!("rate_limit_exceeded"))), RateLimited),
        ("a status in a 200", json_body(&error(json!(403))), Forbidden),
        (
            "errors in a 200",
            json_body(&json!({ "success": false, "errors": [{ "message": "No", "code": 429 }] })),
            RateLimited,
        ),
    ] {
        for (action, input) in actions() {
            // Speech that turns out to be JSON is an error as well.
            let ran = run(action, input)
                .file("talk.mp3", *b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\0")
                .answers([answer.clone()])
                .start();
            assert_eq!(ran.failure(kind).message, "No", "{case}, {action}");
        }
    }
}

#[test]
fn an_error_at_the_start_of_a_stream_keeps_its_kind() {
    for (case, error, kind) in [
        (
            "s32",
            json!({ "message": "quota exceeded", "code": "insufficient_quota" }),
            QuotaExceeded,
        ),
        ("a limit", json!({ "message": "slow down", "type": "rate_limit_error" }), RateLimited),
        ("a refusal", json!({ "message": "no", "type": "invalid_request_error" }), Refused),
    ] {
        let answer = events(&[json!({ "error": error })]);
        let (action, input) = actions()[0].clone();
        let ran = run(action, input).answers([answer]).streamed().start();
        let failure = ran.failure(kind);
        assert_eq!(failure.message, error["message"], "{case}");
    }
    let named = "event: error\ndata: {\"message\": \"slow down\", \"code\": 429}\n\n";
    let (action, input) = actions()[0].clone();
    let ran = run(action, input).answers([body("text/event-stream", named)]).streamed().start();
    assert_eq!(ran.failure(RateLimited).message, "slow down");
}

#[test]
fn errors_that_are_not_json_are_read_too() {
    for (case, text, expected) in [
        ("plain text", "No such thing.\n", "No such thing"),
        (
            "XML",
            "<?xml version=\"1.0\"?><Error><Code>X</Code><Message>No such thing</Message></Error>",
            "No such thing",
        ),
        (
            "an HTML page",
            "<!doctype html><html><head><title>No such thing</title></head><body></body></html>",
            "No such thing",
        ),
        ("nothing", "", "the provider returned status 400 without an explanation"),
    ] {
        let (action, input) = actions()[0].clone();
        let ran = run(action, input).answers([refusal(400, text)]).start();
        assert_eq!(ran.failure(Refused).message, expected, "{case}");
    }
}

/// Empty instructions are left out. Any other message without content is
/// rejected, and the failure names the property.
#[test]
fn a_message_needs_content_unless_it_is_an_instruction() {
    let user = || json!({ "role": "user", "content": "Hi" });
    for (case, message) in [
        ("i11b", json!({ "role": "system", "content": "" })),
        ("null", json!({ "role": "system", "content": null })),
        ("whitespace", json!({ "role": "system", "content": " \n" })),
    ] {
        let ran = run("ask", json!({ "messages": [message, user()] })).start();
        assert_eq!(ran.bodies()[0]["messages"], json!([user()]), "{case}");
        ran.output();
    }
    for (messages, property) in [
        (json!([user(), { "role": "assistant", "content": "" }]), "messages[1].content"),
        (json!([{ "role": "user", "content": "" }]), "messages[0].content"),
        (json!([{ "role": "user" }]), "messages[0].content"),
        (json!([{ "role": "developer" }, user()]), "messages[0].content"),
        (json!([{ "role": "system", "content": "" }]), "messages[0].content"),
    ] {
        let ran = run("ask", json!({ "messages": messages })).start();
        let failure = ran.failure(FailureKind::InvalidInput);
        assert_eq!(failure.property.as_deref(), Some(property));
        assert_eq!(failure.message, format!("`{property}` is required"));
        assert!(!failure.request_sent && ran.sent.is_empty());
    }
}

#[test]
fn a_message_without_a_role_is_a_user_message() {
    let ran = run("ask", json!({ "messages": [{ "content": "Hi" }] })).start();
    assert_eq!(ran.bodies()[0]["messages"], json!([{ "role": "user", "content": "Hi" }]));
}
