//! Invalid idempotency keys, and far too many of them.

use std::fs;
use std::thread;

use connector_tests::sandbox;

use super::super::question;
use super::*;

#[test]
fn rejects_invalid_idempotency_keys() {
    let (service, sandbox) = (Service::start(), sandbox());
    let body = question(&sandbox).to_string();
    let megabyte = "a".repeat(1 << 20);
    let long = "a".repeat(256);
    let keys: [&[u8]; 8] =
        [b"", b" ", b"\t", b"a\tb", b"a\x7fb", b"\xff\xfe", long.as_bytes(), megabyte.as_bytes()];
    for key in keys {
        let mut request = format!(
            "POST {OPENAI}/actions/ask/run HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\
             idempotency-key: ",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(key);
        request.extend_from_slice(format!("\r\n\r\n{body}").as_bytes());
        let received = raw(&service, &request);
        let shown = String::from_utf8_lossy(&key[..key.len().min(20)]).into_owned();
        assert!(matches!(statuses(&received)[..], [] | [400 | 431]), "{shown:?}: {received}");
    }
    let path = format!("{OPENAI}/actions/ask/run");
    let twice = [JSON, ("idempotency-key", "a"), ("idempotency-key", "b")];
    assert_refused(&answer(send(&service, "POST", &path, &twice, body)), "two keys");
    assert!(sandbox.requests().is_empty());
}

/// The key of a run that was not charged is not kept.
#[test]
fn ten_thousand_keys_of_failed_runs_are_not_kept() {
    const KEYS: usize = 10_000;
    const CALLERS: usize = 8;
    let (service, sandbox) = (Service::start(), sandbox());
    let path = format!("{}{OPENAI}/actions/ask/run", service.url());
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let path = &path;
            scope.spawn(move || {
                let agent = super::super::agent();
                for number in 0..KEYS / CALLERS {
                    let key = format!("{caller}-{number}-{}", "k".repeat(200));
                    let request = agent.post(path).header("idempotency-key", key);
                    let refused = request.content_type("application/json").send("{}").unwrap();
                    assert_eq!(refused.status(), 401);
                }
            });
        }
    });
    let size = fs::metadata(service.data().join("store.sqlite")).unwrap().len();
    assert!(size < 1 << 20, "{size} bytes are stored");
    let body = question(&sandbox).to_string();
    let headers = [JSON, ("idempotency-key", "one-more")];
    let path = format!("{OPENAI}/actions/ask/run");
    answer(send(&service, "POST", &path, &headers, body)).expect(200);
}
