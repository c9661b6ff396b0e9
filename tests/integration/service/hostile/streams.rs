//! Callers that request a lot and read nothing.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use connector_tests::CANARY;
use serde_json::json;

use super::*;

/// The maximum data in transit between a provider and a caller that does not
/// read, in bytes: the buffers of two connections, which the operating system
/// may grow to a few MiB each, and the service's own.
const IN_TRANSIT: usize = 24 << 20;
/// The service's own share of that data, in KiB.
const MAX_GROWTH: u64 = 24 << 10;

/// A provider that sends an endless chat response. Returns its base URL, and a
/// channel for the number of bytes it could send until the connection closed.
fn endless() -> (String, mpsc::Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (ended, end) = mpsc::channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        lines.find(|line| line.as_ref().unwrap().is_empty()).unwrap().unwrap();
        let mut stream = stream;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n";
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        let delta = json!({
            "id": "c", "object": "chat.completion.chunk", "model": "m",
            "choices": [{ "index": 0, "delta": { "content": "a".repeat(4000) } }],
        });
        let event = format!("data: {delta}\n\n");
        let mut sent = 0;
        while stream.write_all(event.as_bytes()).is_ok() {
            sent += event.len();
        }
        // The test may have ended.
        let _ = ended.send(sent);
    });
    (base_url, end)
}

pub fn a_caller_that_does_not_read_its_events_loses_its_run() {
    let service = Service::start_with(&["--runs", "1", "--queue", "0"]);
    assert_serves(&service);
    let before = service.process().figures().memory;
    let (base_url, end) = endless();
    let body = json!({
        "input": { "messages": [{ "role": "user", "content": "Hi" }] },
        "connection": { "token": CANARY, "baseUrl": base_url },
    })
    .to_string();
    let mut stream = connect(&service);
    let head = format!(
        "POST {OPENAI}/actions/ask/run HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The run has begun; from here on nothing is read.
    let mut status_line = [0; 12];
    stream.read_exact(&mut status_line).unwrap();
    assert_eq!(&status_line, b"HTTP/1.1 200");
    let Ok(sent) = end.recv_timeout(HANG) else { panic!("the run continues") };
    assert!(sent < IN_TRANSIT, "{sent} bytes were read from the provider");
    assert!(grown(&service, before) < MAX_GROWTH, "{} KiB", grown(&service, before));
    // Its slot is free.
    let deadline = Instant::now() + HANG;
    while get(&service, "/health/ready").status != 200 {
        assert!(Instant::now() < deadline, "its slot is still in use");
        thread::sleep(Duration::from_millis(20));
    }
}

pub fn a_caller_that_sends_requests_but_never_reads_is_disconnected() {
    let service = Service::start();
    assert_serves(&service);
    let before = service.process().figures().memory;
    let mut stream = connect(&service);
    let request = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(100);
    let started = Instant::now();
    let mut asked = 0;
    // The loop ends when the service closes the connection.
    while stream.write_all(request.as_bytes()).is_ok() {
        asked += request.len();
        assert!(asked < 64 << 20, "{asked} bytes of requests were accepted");
    }
    assert!(started.elapsed() < HANG, "{:?}", started.elapsed());
    assert!(grown(&service, before) < MAX_GROWTH, "{} KiB", grown(&service, before));
    assert_serves(&service);
}
