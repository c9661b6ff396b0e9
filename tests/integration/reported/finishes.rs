//! If the provider ends an answer early, the run fails with the right kind of
//! failure, which contains the text so far. Only text cut off by the token limit
//! is an output.

use connector_host::{FailureKind, Functions};
use serde_json::{Value, json};

use super::{events, json_body, run};

fn question() -> Value {
    json!({ "messages": [{ "content": "Hi" }] })
}

#[test]
fn incomplete_text_fails() {
    use FailureKind::{QuotaExceeded, RateLimited, Refused, Unavailable};
    let error = |error: Value| json!({ "error": error, "finish_reason": "error" });
    for (case, ending, kind, words) in [
        ("s25", json!({ "finish_reason": "content_filter" }), Refused, "`content_filter`"),
        ("Google's", json!({ "finish_reason": "SAFETY" }), Refused, "`SAFETY`"),
        ("Zhipu's", json!({ "finish_reason": "sensitive" }), Refused, "`sensitive`"),
        (
            "s33",
            error(json!({ "code": 502, "message": "Upstream error." })),
            Unavailable,
            "Upstream error",
        ),
        (
            "an error and no reason",
            json!({ "error": { "message": "Slow down", "code": 429 }, "finish_reason": null }),
            RateLimited,
            "Slow down",
        ),
        (
            "no credit",
            error(json!({ "code": "insufficient_quota", "message": "Out of credit" })),
            QuotaExceeded,
            "Out of credit",
        ),
        ("no error", json!({ "finish_reason": "error" }), Unavailable, "`error`"),
        (
            "DeepSeek's",
            json!({ "finish_reason": "insufficient_system_resource" }),
            Unavailable,
            "`insufficient",
        ),
        ("vLLM's", json!({ "finish_reason": "abort" }), Unavailable, "`abort`"),
    ] {
        let first = json!({ "choices": [{ "index": 0, "delta": { "content": "Hel" } }] });
        let with = |member: &str, content: Value| {
            let mut choice = ending.clone();
            choice["index"] = 0.into();
            choice[member] = content;
            json!({ "choices": [choice] })
        };
        let streamed = events(&[first, with("delta", json!({}))]);
        let whole = json_body(&with("message", json!({ "role": "assistant", "content": "Hel" })));
        for (answer, is_streamed) in [(streamed, true), (whole, false)] {
            let ran = run("ask", question()).answers([answer]);
            let ran = if is_streamed { ran.streamed() } else { ran }.start();
            let failure = ran.failure(kind);
            assert!(failure.message.contains(words), "{case}: {}", failure.message);
            assert_eq!(failure.detail.as_deref(), Some("Hel"), "{case}");
            assert!(failure.request_sent, "{case}");
        }
    }
}

#[test]
fn an_error_in_a_later_event_keeps_the_text() {
    let first = json!({ "choices": [{ "index": 0, "delta": { "content": "Hel" } }] });
    for (case, event, kind) in [
        (
            "an error",
            json!({ "error": { "message": "Gone.", "code": 500 } }),
            FailureKind::Unavailable,
        ),
        ("an error as a string", json!({ "error": "Gone." }), FailureKind::Unavailable),
        (
            "OpenRouter's",
            json!({
                "id": "gen-1", "error": { "code": 429, "message": "Gone." },
                "choices": [{ "index": 0, "delta": { "content": "" }, "finish_reason": "error" }],
            }),
            FailureKind::RateLimited,
        ),
        (
            "Anthropic's",
            json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Gone." } }),
            FailureKind::Unavailable,
        ),
        (
            "vLLM's",
            json!({ "object": "error", "message": "Gone.", "type": "BadRequestError", "code": 400 }),
            FailureKind::Refused,
        ),
        (
            "a list of errors",
            json!({ "errors": [{ "message": "Gone.", "code": 403 }] }),
            FailureKind::Forbidden,
        ),
    ] {
        let ran =
            run("ask", question()).answers([events(&[first.clone(), event])]).streamed().start();
        let failure = ran.failure(kind);
        assert_eq!(failure.message, "Gone", "{case}");
        assert_eq!(failure.detail.as_deref(), Some("Hel"), "{case}");
        assert_eq!(ran.streamed, "Hel", "{case}");
    }
}

#[test]
fn text_cut_off_by_the_token_limit_is_an_output() {
    for reason in ["length", "max_tokens"] {
        let whole = json!({ "choices": [{
            "message": { "content": "Hel" }, "finish_reason": reason,
        }]});
        let ran = run("ask", question()).answers([json_body(&whole)]).start();
        assert_eq!(ran.output(), "Hel");
        let metadata = &ran.result.as_ref().unwrap().metadata;
        assert_eq!(metadata["finishReasons"], json!([reason]));
    }
}

#[test]
fn an_incomplete_function_call_is_not_executed() {
    for (reason, kind) in [
        ("length", FailureKind::InvalidOutput),
        ("content_filter", FailureKind::Refused),
        ("error", FailureKind::Unavailable),
    ] {
        let answer = json!({ "choices": [{
            "message": { "content": null, "tool_calls": [{
                "id": "a", "type": "function", "function": { "name": "f", "arguments": "{}" },
            }]},
            "finish_reason": reason,
        }]});
        let functions = Functions::new().with("f", "Fails.", json!({ "type": "object" }), |_| {
            panic!("the function was called")
        });
        let mut input = question();
        input["functions"] = json!(["f"]);
        let ran = run("ask", input).answers([json_body(&answer)]).functions(functions).start();
        ran.failure(kind);
        assert_eq!(ran.sent.len(), 1, "{reason}");
    }
}
