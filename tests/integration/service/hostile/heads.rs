//! Request heads that are too large, too slow, or ambiguous.

use std::thread;
use std::time::Instant;

use super::*;

/// How much memory rejected heads may cost the service, in KiB: a few buffers
/// of one connection.
const MAX_GROWTH: u64 = 16 << 10;

#[test]
fn oversized_heads_are_rejected_and_cost_little() {
    let service = Service::start();
    assert_serves(&service);
    let before = service.process().figures().memory;
    let headers: String = (0..10_000).map(|number| format!("x-{number}: y\r\n")).collect();
    let megabyte = "a".repeat(1 << 20);
    let heads = [
        format!("GET / HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n"),
        format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {megabyte}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: localhost\r\n{megabyte}: x\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: {megabyte}\r\n\r\n"),
        format!("GET /{megabyte} HTTP/1.1\r\nhost: localhost\r\n\r\n"),
        format!("GET /?{megabyte} HTTP/1.1\r\nhost: localhost\r\n\r\n"),
        format!("{megabyte} / HTTP/1.1\r\nhost: localhost\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: localhost\r\ncookie: {megabyte}\r\n\r\n"),
        "\r\n".repeat(1 << 19),
        megabyte,
    ];
    for head in &heads {
        let received = raw(&service, head.as_bytes());
        assert!(matches!(statuses(&received)[..], [] | [400 | 414 | 431]), "{received}");
    }
    assert!(grown(&service, before) < MAX_GROWTH, "{} KiB", grown(&service, before));
    assert_serves(&service);
}

pub fn a_head_that_arrives_byte_by_byte_times_out() {
    let service = Service::start();
    let starts = ["", "GET / HTTP/1.1\r\nhost: localhost\r\nx: ", "PRI * HTTP/2.0\r\n", "\r\n"];
    thread::scope(|scope| {
        for start in starts {
            let mut stream = connect(&service);
            scope.spawn(move || {
                let started = Instant::now();
                stream.write_all(start.as_bytes()).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
                // One byte per second while the connection is open.
                let mut answered = [0; 512];
                loop {
                    match stream.read(&mut answered) {
                        Ok(0) => break,
                        Ok(_) => {}
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                        Err(_) => break,
                    }
                    if !start.is_empty() && stream.write_all(b"a").is_err() {
                        break;
                    }
                    assert!(started.elapsed() < HANG, "{start:?} is still open");
                }
            });
        }
    });
    assert_serves(&service);
}

/// Bytes that one server treats as a body, and another as a second request.
const SECOND: &str = "GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[test]
fn no_request_is_hidden_in_another() {
    let service = Service::start();
    let post = "POST /api/v1/files HTTP/1.1\r\nhost: localhost\r\n";
    let length = SECOND.len();
    let shapes = [
        format!("{post}content-length: {length}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("{post}transfer-encoding: chunked\r\ncontent-length: {length}\r\n\r\n0\r\n\r\n"),
        format!("{post}content-length: 0\r\ncontent-length: {length}\r\n\r\n"),
        format!("{post}content-length: 0, {length}\r\n\r\n"),
        format!("{post}content-length: +0\r\n\r\n"),
        format!("{post}content-length: -1\r\n\r\n"),
        format!("{post}content-length: 0x0\r\n\r\n"),
        format!("{post}content-length: 18446744073709551616\r\n\r\n"),
        format!("{post}content-length:\r\n\r\n"),
        format!("{post}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n"),
        format!("{post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        format!("{post}transfer-encoding: identity\r\n\r\n"),
        format!("{post}transfer-encoding : chunked\r\n\r\n0\r\n\r\n"),
        format!("{post}transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n"),
        format!("{post}x: y\r\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("{post} content-length: 0\r\n\r\n"),
        format!("{post}transfer-encoding: chunked\r\n\r\n1;{}\r\n", "a".repeat(100_000)),
        format!("{post}transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n"),
        format!("{post}transfer-encoding: chunked\r\n\r\n-1\r\n\r\n"),
        format!("{post}transfer-encoding: chunked\r\n\r\n0x0\r\n\r\n"),
        format!("{post}transfer-encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n"),
        format!("{post}content-length: 0\r\nbad header\r\n\r\n"),
        format!("{post}content-length: 0\r\n: nameless\r\n\r\n"),
        format!("{post}x: a\0b\r\n\r\n"),
        format!("{post}x: a\rb\r\n\r\n"),
        "POST /api/v1/files HTTP/1.0\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
            .to_owned(),
        "GET / HTTP/1.1\rhost: localhost\r\r".to_owned(),
        "GET / HTTP/1.1 \r\nhost: localhost\r\n\r\n".to_owned(),
        "GET  / HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(),
        "GET / HTTP/1.2\r\nhost: localhost\r\n\r\n".to_owned(),
        "GET / HTTP/9\r\nhost: localhost\r\n\r\n".to_owned(),
        "GET /\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_owned(),
        "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03".to_owned(),
        "GET /a b HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(),
    ];
    for shape in &shapes {
        let received = raw(&service, format!("{shape}{SECOND}").as_bytes());
        assert!(!received.contains("connector_runs_total"), "{shape:?}: {received}");
        let answered = statuses(&received);
        assert!(answered.len() <= 1, "{shape:?}: {received}");
        assert!(
            answered.iter().all(|status| (400..=505).contains(status)),
            "{shape:?}: {received}"
        );
        assert!(!answered.contains(&500), "{shape:?}: {received}");
    }
    assert_serves(&service);
    assert_eq!(service.files(), [""; 0]);
}

#[test]
fn pipelined_requests_are_answered_one_by_one_and_in_order() {
    let service = Service::start();
    let mut all = String::new();
    for number in 0..1000 {
        all += &format!(
            "GET /health/live HTTP/1.1\r\nhost: localhost\r\nx-request-id: n{number}\r\n\r\n"
        );
    }
    all += "GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let received = raw(&service, all.as_bytes());
    assert_eq!(statuses(&received), [200; 1001]);
    let ids = received.lines().filter_map(|line| line.strip_prefix("x-request-id: n"));
    let ids: Vec<u32> = ids.map(|id| id.parse().unwrap()).collect();
    assert_eq!(ids, (0..1000).collect::<Vec<_>>());
}

#[test]
fn methods_that_a_path_does_not_support_are_rejected() {
    let service = Service::start();
    let paths = [
        "/",
        "/metrics",
        "/openapi.json",
        "/health/live",
        "/api/v1/components",
        "/api/v1/connections",
        "/api/v1/files",
        "/api/v1/components/openai/v1/actions/ask/run",
    ];
    let methods = ["PATCH", "TRACE", "DELETE", "PROPFIND", "BREW"];
    let long = "A".repeat(5000);
    for path in paths {
        for method in methods.into_iter().chain([long.as_str()]) {
            let head =
                format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
            let received = raw(&service, head.as_bytes());
            assert_eq!(statuses(&received), [405], "{method} {path}: {received}");
            assert!(received.contains("\r\nallow: "), "{method} {path}: {received}");
            assert!(received.contains("urn:connector:problem:method-not-allowed"), "{received}");
        }
    }
}
