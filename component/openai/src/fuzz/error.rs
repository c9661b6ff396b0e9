//! Answers that are errors: of every shape a failure comes, which keeps the
//! answer.

use fuzzing::{mutated_text, try_all};
use proptest::option;
use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;
use serde_json::json;

use crate::failure::FailureKind;
use crate::openai::error::{Head, inside, read};

const SEEDS: &[&str] = &[
    r#"{"error":{"message":"No.","type":"invalid_request_error","param":"n","code":null}}"#,
    r#"{"error":{"message":"x","code":"insufficient_quota"}}"#,
    r#"{"error":"no such thing"}"#,
    r#"{"object":"error","message":"no such thing","code":400}"#,
    r#"{"detail":[{"loc":["body","messages",0,"role"],"msg":"no","type":"x"}]}"#,
    r#"[{"error":{"message":"no"}}]"#,
    "<html><h1>502 Bad Gateway</h1></html>",
    "upstream connect error",
    "",
];

const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "null",
    "error",
    "detail",
    "message",
    "\"error\":",
    ".",
    "\n",
    "\0",
    "😀",
    "1e99",
    "\\u0000",
    "<",
    "long long long long long long long long long long long long long long long long long long",
];

fn heads() -> impl Strategy<Value = Head> {
    let waits = || option::of(prop_oneof!["[0-9]{1,20}", "-?[0-9.e]{0,6}", any::<String>()]);
    let status = prop_oneof![3 => 300..600_u16, 1 => any::<u16>()];
    (status, option::of("[a-z_0-9]{0,9}"), waits(), waits(), option::of(any::<String>())).prop_map(
        |(status, request_id, retry_after, retry_after_ms, location)| Head {
            status,
            request_id,
            retry_after,
            retry_after_ms,
            location,
        },
    )
}

#[test]
fn every_answer_is_a_failure_that_keeps_it() {
    let long = "[a-zäö😀\"{}:., ]{900,1400}";
    let bodies = prop_oneof![4 => mutated_text(SEEDS, WORDS), 1 => any::<String>(), 1 => long];
    try_all(file!(), 20_000, &(heads(), bodies), |(head, body)| {
        let failure = read(&head, &body, &|param| Some(format!("<{param}>")));
        assert!(!failure.message.is_empty());
        assert!(failure.request_sent);
        assert_eq!(failure.status, Some(head.status));
        assert_eq!(failure.request_id, head.request_id);
        let kept = failure.detail.as_deref().unwrap_or(&failure.message);
        let begun: String = body.trim_ascii().chars().take(200).collect();
        assert!(kept.starts_with(&begun), "{begun:?} is lost: {kept:?}");
        assert!(failure.message.chars().count() <= 1_200, "{} bytes", failure.message.len());
        match head.status {
            401 => assert!(is_one(failure.kind, FailureKind::Unauthorized)),
            429 => assert!(is_one(failure.kind, FailureKind::RateLimited)),
            500.. => assert!(is_one(failure.kind, FailureKind::Unavailable)),
            _ => {}
        }
        if let Some(property) = &failure.property {
            assert!(property.starts_with('<') && property.ends_with('>'), "{property}");
        }

        // Inside an answer that had begun well, the same answer is one too.
        let failure = inside(&body, &|_| None);
        assert_eq!((failure.status, failure.property.as_deref()), (None, None));
        assert!(!failure.message.is_empty() && failure.request_sent);
    });
}

fn is_one(kind: FailureKind, expected: FailureKind) -> bool {
    kind == expected || kind == FailureKind::QuotaExceeded
}

#[test]
fn a_message_is_found_in_every_known_shape() {
    let message = "[a-z]([ -~äß😀]{0,60}[a-z])?";
    let inputs = (message, 0..10_usize, select(&[400_u16, 404, 422, 429, 500, 503][..]));
    try_all(file!(), 8_000, &inputs, |(message, shape, status)| {
        let text = format!("{message}.");
        let body = match shape {
            0 => json!({ "error": { "message": text, "type": null, "param": null } }),
            1 => json!({ "error": text }),
            2 => json!({ "object": "error", "message": text, "code": status }),
            3 => json!({ "detail": text }),
            4 => json!({ "detail": [{ "loc": ["body", "n"], "msg": text }] }),
            5 => json!({ "success": false, "errors": [{ "message": text, "code": 5007 }] }),
            6 => json!({ "message": { "detail": [{ "loc": ["body", "n"], "msg": text }] } }),
            7 => json!({ "error": "Bad Request", "message": text }),
            8 => {
                json!({ "error": { "message": json!({ "error": { "message": text } }).to_string() } })
            }
            _ => json!([{ "error": { "message": text } }]),
        };
        let head = Head { status, ..Head::default() };
        let failure = read(&head, &body.to_string(), &|_| None);
        // What is said of a path or a member has more around it.
        assert!(failure.message.contains(&message), "{}", failure.message);
        assert_eq!(failure.detail, Some(body.to_string()));
    });
}
