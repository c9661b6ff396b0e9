//! Text in inputs: byte order marks, unpaired surrogates, and bytes that are
//! not text.

use std::fs;
use std::path::Path;

use connector_host::FailureKind;
use connector_tests::mcp::{Server, exchanged};
use connector_tests::service::Service;
use connector_tests::{CANARY, Ran, command, ran, sandbox};
use openai_sandbox::Sandbox;
use serde_json::{Value, json};

use super::{run, served};

const MARK: &str = "\u{feff}";

/// The JSON of an Ask, with this content inserted unescaped.
fn asking(content: &str) -> String {
    format!(r#"{{"messages":[{{"role":"user","content":"{content}"}}]}}"#)
}

/// The content of the first message that was sent.
fn content(sandbox: &Sandbox) -> Value {
    sandbox.requests()[0].json().unwrap()["messages"][0]["content"].clone()
}

/// Contents as written in JSON, and as decoded.
const CONTENTS: [(&str, &str, &str); 6] = [
    ("q05", r"a cut emoji: \ud83d", "a cut emoji: \u{fffd}"),
    ("q05, the other half", r"\ude00!", "\u{fffd}!"),
    ("a pair", r"\ud83d\ude00", "😀"),
    ("two surrogates in the wrong order", r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
    ("an escaped backslash, not a surrogate", r"\\ud83d", r"\ud83d"),
    ("a pair after an unpaired surrogate", r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
];

#[test]
fn an_unpaired_surrogate_is_accepted_everywhere() {
    let service = Service::start();
    for (id, written, text) in CONTENTS {
        let sandbox = sandbox();
        let connection = json!({ "token": CANARY, "baseUrl": sandbox.base_url() });
        let body = format!(r#"{{"input":{},"connection":{connection}}}"#, asking(written));
        let (status, answer) = served(&service, "ask", body);
        assert_eq!((status, content(&sandbox)), (200, json!(text)), "{id}: {answer}");

        sandbox.clear();
        let folder = tempfile::tempdir().unwrap();
        let ran = with_input(&sandbox, folder.path(), asking(written).as_bytes());
        assert_eq!((ran.status, content(&sandbox)), (0, json!(text)), "{id}: {ran:?}");

        sandbox.clear();
        exchanged(&sandbox, &messages(&asking(written)), 2);
        assert_eq!(content(&sandbox), json!(text), "{id}");
    }
}

/// The messages that an MCP client sends to call Ask.
fn messages(arguments: &str) -> [String; 3] {
    let begin = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "tests", "version": "1" },
    }});
    let call = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
        "name": "openai_v1_ask", "arguments": "…",
    }});
    [
        begin.to_string(),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string(),
        call.to_string().replace("\"…\"", arguments),
    ]
}

#[test]
fn an_unpaired_surrogate_is_accepted_by_mcp_over_http() {
    let sandbox = sandbox();
    let server = Server::start(&sandbox, &[]);
    let [begin, _, call] = messages(&asking(r"\ud83d"));
    let sent = |message: String, session: Option<&str>| {
        let mut request = ureq::post(&server.url)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        if let Some(session) = session {
            request = request.header("mcp-session-id", session);
        }
        request.send(message).unwrap()
    };
    let initialized = sent(format!("{MARK}{begin}"), None);
    let session =
        initialized.headers().get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned());
    let notified = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string();
    sent(notified, session.as_deref());
    sent(call, session.as_deref()).body_mut().read_to_string().unwrap();
    assert_eq!(content(&sandbox), json!("\u{fffd}"));
}

/// An Ask with this file as its input.
fn with_input(sandbox: &Sandbox, folder: &Path, input: &[u8]) -> Ran {
    let file = folder.join("input.json");
    fs::write(&file, input).unwrap();
    ran(command(Some(sandbox)).args(["run", "openai/v1/ask", "--input"]).arg(file))
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let sandbox = sandbox();
    let folder = tempfile::tempdir().unwrap();
    let input = format!("{MARK}{}", asking("Hi"));
    let ran_with_file = with_input(&sandbox, folder.path(), input.as_bytes());
    assert_eq!((ran_with_file.status, content(&sandbox)), (0, json!("Hi")), "{ran_with_file:?}");

    let functions = folder.path().join("functions.json");
    fs::write(&functions, format!("{MARK}[]")).unwrap();
    let mut cli = command(Some(&sandbox));
    cli.args([
        "run",
        "openai/v1/ask",
        "--set",
        "messages=[{\"role\":\"user\",\"content\":\"Hi\"}]",
    ]);
    let ran_with_functions = ran(cli.arg("--functions").arg(&functions));
    assert_eq!(ran_with_functions.status, 0, "{ran_with_functions:?}");

    let token = folder.path().join("token");
    for (id, text) in [
        ("a byte order mark", format!("{MARK}{CANARY}")),
        ("CRLF", format!("{CANARY}\r\n")),
        ("a byte order mark, spaces and CRLF", format!("{MARK} {CANARY} \r\n\r\n")),
    ] {
        sandbox.clear();
        fs::write(&token, text).unwrap();
        let data = tempfile::tempdir().unwrap();
        let data = data.path().join("data");
        let mut add = command(None);
        add.args(["connection", "add", "openai", "--name", "x", "--data-dir"]).arg(&data);
        add.arg("--set").arg(format!("baseUrl={}", sandbox.base_url()));
        add.arg("--secret-file").arg(format!("token={}", token.display()));
        let added = ran(&mut add);
        assert_eq!(added.status, 0, "{id}: {added:?}");
        let mut test = command(None);
        test.args(["test", "openai", "--connection", "x", "--data-dir"]).arg(&data);
        let tested = ran(&mut test);
        assert_eq!(tested.status, 0, "{id}: {tested:?}");
    }

    let key = folder.path().join("key");
    fs::write(&key, format!("{MARK}0123456789abcdef\r\n")).unwrap();
    let service = Service::start_with(&["--api-key-file", key.to_str().unwrap()]);
    let url = format!("{}/api/v1/components", service.url());
    let answered = ureq::get(url).header("authorization", "Bearer 0123456789abcdef").call();
    assert_eq!(answered.unwrap().status(), 200);

    let connection = json!({ "token": CANARY, "baseUrl": sandbox.base_url() });
    let body = format!(r#"{MARK}{{"input":{},"connection":{connection}}}"#, asking("Hi"));
    assert_eq!(served(&Service::start(), "ask", body).0, 200);
}

#[test]
fn input_that_is_not_text_is_rejected_with_advice() {
    let sandbox = sandbox();
    let folder = tempfile::tempdir().unwrap();
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let json = asking("Hi");
    for (id, bytes, message) in [
        ("UTF-16", utf_16(&format!("{MARK}{json}")), "is UTF-16; save it as UTF-8"),
        ("UTF-16 without a byte order mark", utf_16(&json), "is UTF-16; save it as UTF-8"),
        ("Latin-1", b"{\"a\": \"gr\xfcn\"}".to_vec(), "is not valid UTF-8 at byte 9"),
        ("NUL", b"{\"a\": \"\0\"}".to_vec(), "is not JSON: control character"),
        ("nothing", Vec::new(), "is not JSON: EOF while parsing a value (line 1, column 0)"),
    ] {
        let refused = with_input(&sandbox, folder.path(), &bytes);
        assert_eq!(refused.status, 2, "{id}: {refused:?}");
        assert!(refused.stderr.contains(message), "{id}: {refused:?}");
    }
    for (id, text, message) in [
        ("UTF-16", utf_16("sk-secret-0123456789"), "is UTF-16; save it as UTF-8"),
        ("quotes", b"\"sk-secret-0123\"\n".to_vec(), "`token` must not have quotes around it"),
        ("NUL", b"sk-secret\x000123".to_vec(), "`token` must consist of visible ASCII characters"),
        ("two lines", b"sk-secret\r\n0123".to_vec(), "`token` must consist of visible ASCII"),
    ] {
        let token = folder.path().join("token");
        fs::write(&token, text).unwrap();
        let mut add = command(None);
        add.args(["connection", "add", "openai", "--name", "x", "--data-dir"]);
        add.arg(folder.path().join("data"));
        add.arg("--secret-file").arg(format!("token={}", token.display()));
        let refused = ran(&mut add);
        assert_eq!(refused.status, 2, "{id}: {refused:?}");
        assert!(refused.stderr.contains(message), "{id}: {refused:?}");
        assert!(!refused.stderr.contains("sk-secret"), "{id}: {refused:?}");
    }
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_token_is_trimmed_and_never_sent_with_quotes() {
    let hello = || json!({ "messages": [{ "role": "user", "content": "Hi" }] });
    for (id, token) in [
        ("a line break", format!("{CANARY}\r\n")),
        ("spaces and a tab", format!("  {CANARY}\t")),
        ("a byte order mark", format!("{MARK}{CANARY}")),
    ] {
        let ran = run("ask", hello()).connection("token", token).start();
        let bearer = format!("Bearer {CANARY}");
        ran.output();
        assert_eq!(ran.sent[0].header("authorization"), Some(bearer.as_str()), "{id}");
    }
    for (id, token) in [
        ("c05", format!("\"{CANARY}\"")),
        ("c05 with single quotes", format!("'{CANARY}'")),
        ("c05 with a line break", format!("\"{CANARY}\"\n")),
        ("c05 with typographic quotes", format!("“{CANARY}”")),
    ] {
        let ran = run("ask", hello()).connection("token", token).start();
        let failure = ran.failure(FailureKind::InvalidInput);
        assert_eq!(failure.message, "`token` must not have quotes around it", "{id}");
        assert_eq!(failure.property.as_deref(), Some("token"));
        assert!(ran.sent.is_empty());
    }
}
