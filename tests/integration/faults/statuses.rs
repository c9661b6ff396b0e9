//! Errors as sent by providers and by the proxies in front of them. The status
//! determines the kind of failure, whatever the body contains.

use std::time::Duration;

use connector_host::FailureKind::{
    self, Forbidden, InvalidOutput, NotFound, QuotaExceeded, RateLimited, Refused, Timeout,
    TooLarge, Unauthorized, Unavailable,
};
use connector_host::Limits;
use openai_sandbox::Step::{Hold, ReadHead, ReadRequest, Write};

use super::answers::{head, whole};
use super::calls::{HARMLESS, Upload};
use super::limits;
use super::matrix::{Expected, Row, check, fails};

/// What a status means, and whether the error may be temporary.
const STATUSES: &[(u16, FailureKind, bool)] = &[
    (400, Refused, false),
    (401, Unauthorized, false),
    (403, Forbidden, false),
    (404, NotFound, false),
    (408, Timeout, true),
    (409, Refused, true),
    (413, TooLarge, false),
    (422, Refused, false),
    (429, RateLimited, true),
    (500, Unavailable, true),
    (502, Unavailable, true),
    (503, Unavailable, true),
    (504, Unavailable, true),
];

const JSON: &str = "Content-Type: application/json";

/// Bodies that occur in practice.
const BODIES: &[(&str, &str, &str)] = &[
    (
        "OpenAI's",
        JSON,
        r#"{"error":{"message":"No.","type":"server_error","param":null,"code":null}}"#,
    ),
    ("an error with a numeric code", JSON, r#"{"error":{"message":"No.","code":503}}"#),
    ("an error that is a string", JSON, r#"{"error":"No."}"#),
    ("an error that is null", JSON, r#"{"error":null}"#),
    ("an error that is a number", JSON, r#"{"error":7}"#),
    ("a detail that is a string", JSON, r#"{"detail":"No."}"#),
    (
        "a detail that is a list",
        JSON,
        r#"{"detail":[{"loc":["body","messages",0],"msg":"No.","type":"missing"}]}"#,
    ),
    ("a detail that is an empty list", JSON, r#"{"detail":[]}"#),
    ("a message", JSON, r#"{"object":"error","message":"No.","code":40001}"#),
    ("nothing", JSON, ""),
    ("an HTML page", "Content-Type: text/html", "<!doctype html><title>Bad gateway</title>"),
    ("plain text", "Content-Type: text/plain", "upstream connect error"),
    ("truncated JSON", JSON, r#"{"error":{"mess"#),
    ("JSON of another kind", JSON, "[1,2,3]"),
    ("a JSON string", JSON, "\"No.\""),
    ("JSON labeled as HTML", "Content-Type: text/html", r#"{"error":{"message":"No."}}"#),
    ("a byte order mark", JSON, "\u{feff}{\"error\":{\"message\":\"No.\"}}"),
    ("a stream", "Content-Type: text/event-stream", "data: {\"error\":{\"message\":\"No.\"}}\n\n"),
    ("a number that is too large", JSON, r#"{"error":{"message":"No.","code":1e999}}"#),
    ("half a surrogate pair", JSON, r#"{"error":{"message":"No \ud83d"}}"#),
];

fn expected(kind: FailureKind, is_temporary: bool) -> Expected {
    if is_temporary { fails(kind).retried() } else { fails(kind) }
}

#[test]
fn the_status_determines_the_kind_of_failure() {
    let mut rows = Vec::new();
    for (status, kind, is_temporary) in STATUSES {
        for (what, media_type, body) in BODIES {
            let answer = move |_| whole(&format!("{status} Error"), &[media_type], body.as_bytes());
            let name = format!("{status} with {what}");
            // Form queries have long pauses; they have their own test.
            rows.push(Row::answer(name, answer, expected(*kind, *is_temporary)).only_actions());
        }
    }
    check(rows);
}

#[test]
fn form_queries_are_retried_if_that_may_help() {
    let rows = STATUSES.iter().map(|(status, kind, is_temporary)| {
        let answer = move |_| whole(&format!("{status} Error"), &[], b"");
        Row::answer(format!("{status}"), answer, expected(*kind, *is_temporary)).only(HARMLESS)
    });
    check(rows.collect());
}

#[test]
fn distinguishes_an_exhausted_quota_from_a_rate_limit() {
    let rows = ["insufficient_quota", "billing_hard_limit_reached"].map(|code| {
        let body = format!(r#"{{"error":{{"message":"No credit.","code":"{code}"}}}}"#);
        let answer = move |_| whole("429 Too Many", &[JSON], body.as_bytes());
        Row::answer(code, answer, fails(QuotaExceeded))
    });
    check(rows.into());
}

#[test]
fn an_error_of_any_size_is_read_up_to_the_limit() {
    let error = |bytes: usize| {
        let message = "x".repeat(bytes);
        move |_| {
            let body = format!(r#"{{"error":{{"message":"{message}"}}}}"#);
            whole("400 Bad Request", &[JSON], body.as_bytes())
        }
    };
    let cut = |_| {
        let answer = format!("{}Content-Length: 1000\r\n\r\n{{", head("503 Later", &[JSON]));
        answer.into_bytes()
    };
    let held = move |call| vec![ReadRequest, Write(cut(call)), Hold];
    let silence = Duration::from_millis(300);
    check(vec![
        Row::answer("1 MB", error(1_000_000), fails(Refused)),
        // More than the connector may read, so only the status is left.
        Row::answer("10 MB", error(10_000_000), fails(Refused)),
        Row::answer("10 MB within the limit", error(10_000_000), fails(Refused))
            .within(Limits { response_bytes: 32 << 20, ..limits() }),
        Row::answer("an error that is cut off", cut, fails(Unavailable).retried()).only_actions(),
        Row::new("an error that stalls", held, fails(Unavailable).retried())
            .only_actions()
            .within(Limits { silence, ..limits() }),
    ]);
}

/// A pause longer than the remaining time is not started.
#[test]
fn retry_after_is_used_if_it_is_plausible() {
    let wait = |header: &'static str, expected| {
        let answer = move |_| whole("429 Too Many", &[header], b"");
        Row::answer(header, answer, expected)
    };
    let (retried, once) = (fails(RateLimited).retried(), fails(RateLimited));
    check(vec![
        wait("Retry-After: 0", retried),
        wait("Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", retried),
        wait("Retry-After: soon", retried),
        wait("Retry-After: -5", retried),
        wait("Retry-After: 1e999", retried),
        wait("Retry-After: 0x10", retried),
        wait("Retry-After: ", retried),
        wait("Retry-After: 3600", once),
        wait("Retry-After: 18446744073709551615", once),
        wait("Retry-After: 99999999999999999999999", once),
        wait("Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", once),
        wait("Retry-After-Ms: 1", retried),
        wait("Retry-After-Ms: 18446744073709551615", once),
        wait("Retry-After-Ms: -1", retried),
    ]);
}

/// nginx does this if a body is too large.
#[test]
fn a_response_sent_before_the_request_ends_is_read() {
    let early = |_| vec![ReadHead, Write(whole("413 Too Large", &[], b""))];
    check(vec![Row::new("413 after the head", early, fails(TooLarge)).only(&[Upload])]);
}

/// The status is a success, but the body is an error.
#[test]
fn an_error_with_a_success_status_fails() {
    let error = |code: &str| format!(r#"{{"error":{{"message":"No.","code":{code}}}}}"#);
    let rows = [
        ("an error", error("null"), Unavailable),
        ("too many requests", error("429"), RateLimited),
        ("an invalid request", error("400"), Refused),
    ]
    .map(|(what, body, kind)| {
        let answer = move |_| whole("200 OK", &[JSON], body.as_bytes());
        Row::answer(what, answer, fails(kind))
    });
    check(rows.into());
    let page = |_| whole("200 OK", &["Content-Type: text/html"], b"<html>Log in</html>");
    check(vec![Row::answer("an HTML page", page, fails(InvalidOutput))]);
}
