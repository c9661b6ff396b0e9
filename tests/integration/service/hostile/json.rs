//! Bodies that are not JSON, or JSON that nobody would write.

use serde_json::json;

use super::*;

/// Every endpoint that accepts JSON.
fn paths() -> [(&'static str, String); 5] {
    [
        ("POST", format!("{OPENAI}/actions/ask/run")),
        ("POST", format!("{OPENAI}/actions/ask/output-schema")),
        ("POST", format!("{OPENAI}/connection/test")),
        ("POST", format!("{API}/connections")),
        ("PUT", format!("{API}/connections/conn_x")),
    ]
}

/// Sends a body to every endpoint. The error must be the caller's, never the
/// service's.
fn refused_everywhere(service: &Service, what: &str, body: &[u8]) {
    for (method, path) in paths() {
        let refused = answer(send(service, method, &path, &[JSON], body));
        assert_refused(&refused, &format!("{what} to {path}"));
    }
}

#[test]
fn rejects_nesting_at_any_depth() {
    let service = Service::start();
    for depth in [1, 2, 10, 100, 126, 127, 128, 129, 1_000, 10_000, 100_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let middle = if open == "[" { "" } else { "1" };
            let nested = format!("{}{middle}{}", open.repeat(depth), close.repeat(depth));
            let what = format!("{open} nested {depth} times");
            refused_everywhere(&service, &what, nested.as_bytes());
            refused_everywhere(&service, &what, open.repeat(depth).as_bytes());
            let inside = format!("{{\"input\":{{\"a\":{nested}}},\"b\":1}}");
            refused_everywhere(&service, &what, inside.as_bytes());
        }
    }
    assert_serves(&service);
}

#[test]
fn rejects_a_body_truncated_anywhere() {
    let service = Service::start();
    let body = json!({
        "input": { "messages": [{ "role": "user", "content": "\u{e9}\n\u{1f600}" }] },
        "connection": { "token": "sk-1", "baseUrl": "http://127.0.0.1:1/v1" },
    });
    let whole = body.to_string();
    for length in 0..whole.len() {
        let cut = &whole.as_bytes()[..length];
        let refused = answer(send(&service, "POST", &paths()[0].1, &[JSON], cut));
        assert_eq!(refused.problem(400), "bad-request", "{length} bytes");
        assert_refused(&refused, &format!("{length} bytes"));
    }
}

#[test]
fn rejects_json_that_parsers_disagree_about() {
    let service = Service::start();
    let utf16: Vec<u8> = "{\"input\":{}}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let digits = "9".repeat(100_000);
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("a byte order mark", b"\xef\xbb\xbf{\"input\":{}}".to_vec()),
        ("UTF-16", utf16),
        ("a byte that is not UTF-8", b"{\"input\":{\"a\":\"\xff\"}}".to_vec()),
        ("an overlong slash", b"{\"input\":{\"a\":\"\xc0\xaf\"}}".to_vec()),
        ("half a surrogate pair", br#"{"input":{"a":"\ud800"}}"#.to_vec()),
        ("surrogates in the wrong order", br#"{"input":{"a":"\udc00\ud800"}}"#.to_vec()),
        ("a NUL", b"{\"input\":{\"a\":\"\0\"}}".to_vec()),
        ("a trailing NUL", b"{\"input\":{}}\0".to_vec()),
        ("an escaped NUL", br#"{"input":{"\u0000":"\u0000"}}"#.to_vec()),
        ("a duplicate member", br#"{"input":{},"input":{"a":1}}"#.to_vec()),
        ("a duplicate property", br#"{"input":{"messages":[],"messages":{}}}"#.to_vec()),
        ("two objects", b"{\"input\":{}}{\"input\":{}}".to_vec()),
        ("infinity", br#"{"input":{"temperature":1e999}}"#.to_vec()),
        ("minus infinity", br#"{"input":{"temperature":-1e999}}"#.to_vec()),
        ("a number that is too small", br#"{"input":{"temperature":1e-999}}"#.to_vec()),
        ("not a number", br#"{"input":{"temperature":NaN}}"#.to_vec()),
        ("many digits", format!("{{\"input\":{{\"seed\":{digits}}}}}").into_bytes()),
        ("many decimals", format!("{{\"input\":{{\"topP\":0.{digits}}}}}").into_bytes()),
        ("a large exponent", br#"{"input":{"seed":1e2147483648}}"#.to_vec()),
        ("a leading zero", br#"{"input":{"seed":01}}"#.to_vec()),
        ("a trailing comma", br#"{"input":{},}"#.to_vec()),
        ("a comment", b"{\"input\":{}/**/}".to_vec()),
        ("single quotes", b"{'input':{}}".to_vec()),
        ("a list", b"[]".to_vec()),
        ("null", b"null".to_vec()),
        ("a string", b"\"input\"".to_vec()),
        ("a prototype", br#"{"__proto__":{"input":{}}}"#.to_vec()),
        ("an invalid input", br#"{"input":[],"connection":[]}"#.to_vec()),
        ("a one-megabyte name", format!("{{\"{}\":1}}", "a".repeat(1 << 20)).into_bytes()),
    ];
    for (what, body) in &bodies {
        refused_everywhere(&service, what, body);
    }
}

#[test]
fn a_body_with_another_content_type_is_not_read_as_json() {
    let service = Service::start();
    let kinds = [
        "",
        "text/json",
        "text/plain;application/json",
        "application/jsonx",
        "application/json-seq",
        "application/javascript",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application",
        "*/*",
        "json",
    ];
    for kind in kinds {
        for (method, path) in paths() {
            let refused = answer(send(&service, method, &path, &[("content-type", kind)], "{}"));
            assert_eq!(refused.problem(415), "unsupported-media-type", "{kind:?} to {path}");
        }
    }
    let twice = [("content-type", "text/plain"), JSON];
    let refused = answer(send(&service, "POST", &paths()[0].1, &twice, "{}"));
    assert_refused(&refused, "two types");
}
