//! Requests to the host that a connector may not make.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{LazyLock, Mutex};
use std::thread;

use super::*;
#[track_caller]
fn assert_no_connection(server: &TcpListener) {
    server.set_nonblocking(true).unwrap();
    assert_eq!(server.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// Asserts that the request is rejected before any connection is opened.
#[track_caller]
fn assert_not_sent(what: &str, request: Value, words: &str) {
    let connector = load(&sending(request));
    let server = listener();
    let connection = connection(&connector, &server);
    let failure = contained(connector.run("act", json!({})).connection(&connection).start());
    assert_eq!(failure.kind, FailureKind::InvalidInput, "{what}: {failure:?}");
    assert!(failure.message.contains(words), "{what}: {failure:?}");
    assert_no_connection(&server);
}

#[test]
fn a_request_without_a_connection_is_unauthorized() {
    let connector = load(&sending(json!({ "method": "get", "path": "/models" })));
    let failure = contained(act(&connector));
    assert_failure(&failure, FailureKind::Unauthorized, "no connection");
}

#[test]
fn an_allowed_request_is_sent() {
    let connector = load(&sending(json!({ "method": "get", "path": "/models" })));
    let server = listener();
    let connection = connection(&connector, &server);
    let seen = thread::spawn(move || answer(server.accept().unwrap().0));
    let run = connector.run("act", json!({})).connection(&connection);
    assert_eq!(run.start().unwrap().metadata["attempts"], 1);
    let seen = seen.join().unwrap();
    assert!(seen.starts_with("GET /v1/models HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("Bearer t0ken-of-a-guest"), "{seen}");
}

/// Reads the head of a request and answers it.
fn answer(mut stream: TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
    String::from_utf8(head).unwrap()
}

#[test]
fn rejects_paths_that_leave_the_base_url() {
    for path in [
        "",
        "models",
        "https://evil.test/v1",
        "//evil.test/v1",
        "/\\evil.test",
        "/../v2",
        "/a/../../v2",
        "/%2e%2E/v2",
        "/a%2f..%2fb",
        "/a\r\nHost: evil.test",
        "/a?b",
        "/a#b",
        "@evil.test",
        "/@evil.test/../..",
        "/:443/..",
        "/./a",
        "/a/.",
        "/%2e",
        "/%2E%2E",
        "/a%2Fb",
        "/a%5c..",
        "/a%00b",
        "/a%zz",
        "/a\u{1b}b",
    ] {
        assert_not_sent(path, json!({ "method": "get", "path": path }), "its path");
    }
}

#[test]
fn rejects_headers_reserved_for_the_host() {
    for name in [
        "authorization",
        "Authorization",
        "AUTHORIZATION",
        "aUtHoRiZaTiOn",
        "host",
        "Host",
        "HOST",
        "cookie",
        "Cookie",
        "x-api-key",
        "X-Api-Key",
        "Proxy-Authorization",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
        "Set-Cookie",
        "Api-Key",
        "X-Goog-Api-Key",
        "X-Forwarded-For",
        "Sec-Fetch-Site",
        "X-HTTP-Method-Override",
    ] {
        let request = json!({ "method": "get", "path": "/a", "headers": [[name, "x"]] });
        assert_not_sent(name, request, "can only be set by the host");
    }
}

#[test]
fn rejects_invalid_headers() {
    for (name, value) in [
        ("", "x"),
        ("x y", "x"),
        ("x:y", "x"),
        ("x\r\nauthorization", "Bearer evil"),
        ("x-ok", "a\r\nauthorization: Bearer evil"),
        ("x-ok", "a\nb"),
        ("x-ok", "a\0b"),
    ] {
        let request = json!({ "method": "get", "path": "/a", "headers": [[name, value]] });
        assert_not_sent(name, request, "header");
    }
}

#[test]
fn a_media_type_cannot_forge_a_header() {
    let forged = "text/plain\r\nauthorization: Bearer evil";
    let body = json!({ "content": { "mime-type": forged, "bytes": [104, 105] } });
    assert_not_sent("content", json!({ "method": "post", "path": "/a", "body": body }), "");
}

#[test]
fn rejects_headers_that_share_memory_a_thousand_times() {
    let guest = Guest::good().with(include_str!("../../guests/send-overlapping.wat")).value(
        "answer",
        "actions.run",
        Value::Null,
    );
    let connector = load(&guest);
    let server = listener();
    let connection = connection(&connector, &server);
    let failure = contained(connector.run("act", json!({})).connection(&connection).start());
    assert_failure(&failure, FailureKind::TooLarge, "bytes to the host at once");
    assert_no_connection(&server);
}

#[test]
fn a_file_outside_the_input_is_not_found() {
    let dir = tempfile::tempdir().unwrap();
    let files = Files::new(dir.path());
    for url in ["file:///etc/passwd", "/etc/passwd", "", "http://127.0.0.1/"] {
        let connector = load(&opening(url));
        let failure = contained(connector.run("act", json!({})).files(&files).start());
        assert_failure(&failure, FailureKind::NotFound, "is not a file of this run");
    }
}

/// Runs a guest that consists of `open.wat` and these items.
fn run_with_file(bytes: u64, items: &[&str]) -> Result<Outcome, Failure> {
    let dir = tempfile::tempdir().unwrap();
    let (files, entry) = granted(&dir, bytes);
    let guest = items.iter().fold(opening(&entry.url), |guest, item| guest.with(item));
    load(&guest).run("act", json!({ "file": entry })).files(&files).start()
}

#[test]
fn a_file_in_the_input_is_found() {
    assert_eq!(run_with_file(3, &[]).unwrap().output, json!({ "good": true }));
}

#[test]
fn open_handles_are_limited() {
    let failure = contained(run_with_file(3, &[include_str!("../../guests/open-and-hoard.wat")]));
    assert_failure(&failure, FailureKind::TooLarge, "more than 64 responses and files open");
}

#[test]
fn dropped_handles_do_not_count() {
    let ended = run_with_file(3, &[include_str!("../../guests/open-and-drop.wat")]);
    assert_eq!(ended.unwrap().output, json!({ "good": true }));
}

#[test]
fn a_dropped_handle_is_invalid() {
    let failure = contained(run_with_file(3, &[include_str!("../../guests/use-after-drop.wat")]));
    assert_failure(&failure, FailureKind::Internal, "handle");
}

#[test]
fn a_forged_handle_is_invalid() {
    let guest = Guest::good().with(include_str!("../../guests/forged-handle.wat"));
    assert_failure(&contained(act(&load(&guest))), FailureKind::Internal, "handle");
}

#[test]
fn a_file_larger_than_memory_is_not_read_in_one_piece() {
    // The file is sparse: it takes no disk space, but would take 4 GiB in the
    // host's memory.
    let read = include_str!("../../guests/read-all.wat");
    let failure = contained(run_with_file(8 << 30, &[read]));
    assert_failure(&failure, FailureKind::TooLarge, "cannot be read in one piece");
}

#[test]
fn function_calls_are_limited() {
    let calling = Guest::good().with(include_str!("../../guests/call-many.wat"));
    assert_serves(&load(&calling));
    let calling = calling.with("(global $calls i32 (i32.const 1001))");
    let failure = contained(act(&load(&calling)));
    assert_failure(&failure, FailureKind::Internal, "more than 1000 functions at once");
}

/// Everything that connectors logged.
static LOGGED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Logged;

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOGGED.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The log lines of a connector with this name and message.
fn logged(name: &str, message: &str) -> Vec<String> {
    static CAPTURE: LazyLock<()> = LazyLock::new(|| {
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(|| Logged);
        subscriber.with_env_filter("connector=info").init();
    });
    LazyLock::force(&CAPTURE);
    let guest = Guest::good().named(name).with(include_str!("../../guests/log.wat")).value(
        "message",
        "types.choice",
        json!({ "label": message }),
    );
    assert_serves(&load(&guest));
    let logged = String::from_utf8(LOGGED.lock().unwrap().clone()).unwrap();
    let marks = format!("connector=\"{name}\"");
    logged.lines().filter(|line| line.contains(&marks)).map(str::to_owned).collect()
}

#[test]
fn log_messages_are_limited() {
    assert_eq!(logged("flood", "again").len(), 1_000);
}

#[test]
fn a_log_message_cannot_forge_lines_or_control_a_terminal() {
    let lines = logged("forger", "a\r\n{\"level\":\"error\"}\u{1b}]0;evil\u{7}\u{9b}31m");
    assert_eq!(lines.len(), 1_000, "each message is one line");
    for line in &lines {
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(line.contains(r#"a\r\n{"level":"error"}\u{1b}]0;evil\u{7}\u{9b}31m"#), "{line}");
    }
}

#[test]
fn a_log_message_is_truncated_at_4_kib() {
    for line in logged("talker", &"é".repeat(10_000)) {
        assert!(line.len() < 5 * 1024, "{} bytes", line.len());
    }
}
