//! Tests of error responses in the formats that providers use.

use serde_json::{Value, json};

use super::{CONNECTOR, answered, run};
use crate::errors::{self, ErrorResponse, Explanation, inside, instead};
use crate::testing::{Answer, Host};
use crate::{Failure, FailureKind, http};

fn failure(status: u16, body: &str) -> Failure {
    let answer = Answer::content(status, "text/plain", body);
    answered(answer, || http::get("/").send()?.json()).unwrap_err()
}

#[test]
fn reads_all_members_of_an_error() {
    let body = r#"{"error":{"message":"No such key.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#;
    let failure = failure(401, body);
    assert_eq!(
        (failure.kind, failure.message.as_str()),
        (FailureKind::Unauthorized, "No such key")
    );
    assert_eq!((failure.status, failure.code.as_deref()), (Some(401), Some("invalid_api_key")));
    assert_eq!(failure.request_id.as_deref(), Some("req_1"));
    assert_eq!(failure.detail.as_deref(), Some(body));
    assert!(failure.request_sent);
}

#[test]
fn finds_the_message_in_every_known_format() {
    for body in [
        r#"{"error":{"message":"no such thing"}}"#,
        r#"{"error":"no such thing"}"#,
        r#"{"object":"error","message":"no such thing","code":400}"#,
        r#"{"detail":"no such thing"}"#,
        r#"{"detail":{"error":{"message":"no such thing"}}}"#,
        r#"{"detail":{"error":"no such thing"}}"#,
        r#"{"detail":[{"loc":["body"],"msg":"no such thing","type":"x"}]}"#,
        r#"[{"error":{"message":"no such thing."}}]"#,
        r#"{"result":null,"success":false,"errors":[{"message":"no such thing","code":5007}],"messages":[]}"#,
        r#"{"errors":["no such thing"]}"#,
        r#"{"errors":"no such thing"}"#,
        r#"{"error":{"message":{"error":{"message":"no such thing"}}}}"#,
        r#"{"error":{"message":"{\"error\":{\"message\":\"no such thing.\"}}","code":400}}"#,
        r#"{"error":{"errors":[{"message":"no such thing","domain":"global"}],"code":400}}"#,
        r#"{"error":"invalid_request","error_description":"no such thing"}"#,
        r#"{"statusCode":400,"error":"Bad Request","message":"no such thing"}"#,
        r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"no such thing"}"#,
        r#"{"title":"no such thing","status":400}"#,
        r#"{"base_resp":{"status_code":1004,"status_msg":"no such thing"}}"#,
        r#"{"detail":{"message":"no such thing","code":"x"}}"#,
        r#"{"error":null,"message":"","msg":"no such thing"}"#,
        r#"<?xml version="1.0"?><Error><Code>X</Code><Message>no such thing</Message></Error>"#,
        "<!doctype html><html><head><TITLE>no such thing</TITLE></head></html>",
        "\"no such thing\"",
        "no such thing\n",
    ] {
        assert_eq!(failure(400, body).message, "no such thing", "{body}");
    }
}

#[test]
fn adds_the_context_that_a_message_lacks() {
    for (body, message) in [
        (
            r#"{"message":{"detail":[{"loc":["body","options",0,"usage"],"msg":"Extra inputs"}]}}"#,
            "`options.0.usage`: Extra inputs",
        ),
        (r#"{"title":"Invalid","errors":{"size":["is too large"]}}"#, "`size`: is too large"),
        (r#"{"error":{"message":"Unknown: 'x'.","param":"x"}}"#, "Unknown: 'x'"),
        (
            r#"{"error":{"message":"Provider returned error","metadata":{"raw":"{\"error\":{\"message\":\"Too long.\"}}"}}}"#,
            "Provider returned error: Too long",
        ),
    ] {
        assert_eq!(failure(422, body).message, message);
    }
}

#[test]
fn names_the_invalid_property() {
    let failure = failure(400, r#"{"error":{"message":"is too long","param":"text"}}"#);
    assert_eq!(
        (failure.property.as_deref(), failure.message.as_str()),
        (Some("text"), "is too long")
    );
}

#[test]
fn names_the_invalid_property_of_another_action() {
    let host = Host::new(&CONNECTOR);
    let body = json!({ "error": { "message": "is too long", "param": "text" } }).to_string();
    let failure = ErrorResponse::new(400, &body).failure();
    assert_eq!((failure.property.as_deref(), failure.status), (None, Some(400)));
    let output = run(&host, || {
        let of = |action| errors::of_action(action, || errors::property("text"));
        Ok(json!([of("act"), of("none"), errors::property("text")]))
    });
    assert_eq!(output.unwrap(), json!(["text", null, "text"]));
}

#[test]
fn keeps_a_response_without_a_message() {
    for body in ["<html>Bad gateway</html>", r#"{"error":{}}"#, "[]", r#"{"cut"#] {
        let failure = failure(502, body);
        assert_eq!(failure.message, "the provider returned status 502 without an explanation");
        assert_eq!(failure.detail.as_deref(), Some(body));
    }
    assert_eq!(failure(502, "").detail, None);
    assert_eq!(failure(502, "overloaded").detail, None);
    let long = "ü".repeat(5000);
    let failure = failure(400, &long);
    assert_eq!(failure.message.len(), 1000 + "…".len());
    assert_eq!(failure.detail.as_ref().map(String::len), Some(4096 + "…".len()));
}

#[test]
fn derives_the_kind_from_the_status() {
    use FailureKind::*;

    for (status, kind) in [
        (302, Refused),
        (400, Refused),
        (401, Unauthorized),
        (402, QuotaExceeded),
        (403, Forbidden),
        (404, NotFound),
        (408, Timeout),
        (413, TooLarge),
        (422, Refused),
        (429, RateLimited),
        (500, Unavailable),
        (529, Unavailable),
    ] {
        assert_eq!(failure(status, "").kind, kind, "{status}");
    }
}

#[test]
fn a_redirect_suggests_correcting_the_base_url() {
    let answer = Answer::content(301, "text/html", "").header("location", "https://b.example");
    let failure = answered(answer, || http::get("/").send()?.json()).unwrap_err();
    assert_eq!(
        failure.message,
        "the base URL redirects to https://b.example, but redirects are not followed: correct the \
         base URL"
    );
}

#[test]
fn a_request_can_convert_errors_itself() {
    let answer = Answer::json(400, json!({ "error": "No." }));
    let failure = answered(answer, || {
        let errors = |error: &ErrorResponse| error.failure().at("size").with_code("x");
        http::get("/").errors(&errors).send()?.json()
    });
    let failure = failure.unwrap_err();
    assert_eq!((failure.property.as_deref(), failure.code.as_deref()), (Some("size"), Some("x")));
    let any = answered(Answer::json(404, json!({})), || {
        Ok(json!(http::get("/").send_any_status()?.status()))
    });
    assert_eq!(any.unwrap(), 404);
}

#[test]
fn an_unexpected_response_is_a_failure() {
    let read = |body: &str| {
        let answer = Answer::content(200, "application/json", body);
        answered(answer, || Ok(json!(http::get("/").send()?.json::<Vec<u8>>()?))).unwrap_err()
    };
    for (body, kind, message) in [
        ("<html>", FailureKind::InvalidOutput, "a web page instead of JSON; check the base URL"),
        (" ", FailureKind::InvalidOutput, "the provider's response is empty"),
        ("über", FailureKind::InvalidOutput, "the provider's response is not JSON"),
        (r#"{"a":1}"#, FailureKind::InvalidOutput, "from the provider: invalid type: map"),
        (r#"{"message":"Busy."}"#, FailureKind::InvalidOutput, "line 1 column 0: Busy"),
        (r#"{"error":{"message":"Slow down","code":429}}"#, FailureKind::RateLimited, "Slow down"),
    ] {
        let failure = read(body);
        assert_eq!((failure.kind, failure.status), (kind, Some(200)), "{body}");
        assert!(failure.message.contains(message), "{failure}");
    }
    for none in ["{}", r#"{"error":null}"#, r#"{"error":{}}"#, "[]", "<html>", ""] {
        assert_eq!(instead("no answer", none).message, "no answer", "{none}");
    }
}

#[test]
fn derives_the_kind_of_an_error_inside_a_response() {
    use FailureKind::*;

    for (error, kind) in [
        (json!({ "message": "x", "type": "server_error", "code": null }), Unavailable),
        (json!({ "message": "x" }), Unavailable),
        (json!({ "message": "x", "code": "http_400" }), Refused),
        (json!({ "message": "x", "code": 429 }), RateLimited),
        (json!({ "message": "x", "code": "RESOURCE_EXHAUSTED" }), RateLimited),
        (json!({ "message": "x", "code": 402 }), QuotaExceeded),
        (json!({ "message": "x", "code": "invalid_api_key" }), Unauthorized),
        (json!({ "message": "x", "type": "permission_error" }), Forbidden),
        (json!({ "message": "x", "type": "invalid_request_error" }), Refused),
        (json!({ "message": "x", "code": 5007 }), Unavailable),
        (json!({ "message": "x", "code": 5007, "status": 403 }), Forbidden),
    ] {
        let failure = inside(&json!({ "error": error }).to_string());
        assert_eq!((failure.kind, failure.message.as_str()), (kind, "x"), "{error}");
        assert_eq!((failure.status, failure.request_sent), (None, true));
    }
    assert_eq!(Explanation::of_json(&Value::Null), Explanation::default());
}

#[test]
fn accepts_an_explanation_in_a_custom_format() {
    let response = ErrorResponse { status: 422, body: "{}", response: None };
    let failure = response.failure_of(Explanation {
        message: Some("The date has passed.".to_owned()),
        code: Some("past".to_owned()),
        param: Some("due_date".to_owned()),
        ..Explanation::default()
    });
    // No action is running, so the parameter refers to no property.
    assert_eq!(failure.message, "`due_date`: The date has passed");
    assert_eq!((failure.status, failure.code.as_deref()), (Some(422), Some("past")));
    assert_eq!(failure.detail.as_deref(), Some("{}"));
}

#[test]
fn reads_a_member_of_a_response() {
    let member = |body: Value| {
        answered(Answer::json(200, body), || {
            http::get("/").send()?.member::<u64>("count").map(Value::from)
        })
    };
    assert_eq!(member(json!({ "count": 3, "more": true })).unwrap(), json!(3));
    for (body, message) in [
        (json!({ "counts": 3 }), "unexpected response from the provider: missing member `count`"),
        (
            json!({ "count": "3" }),
            "unexpected response from the provider: `count`: invalid type: string \"3\", expected u64",
        ),
        (json!({ "error": "No such thing." }), "No such thing"),
    ] {
        assert_eq!(member(body).unwrap_err().message, message);
    }
}
