//! Malicious callers and web pages. Each gets a typed problem or loses its
//! connection, uses few resources until then, and does not keep the service from
//! serving others.

mod bodies;
mod connections;
mod files;
mod heads;
mod idempotency;
mod json;
mod keys;
mod pages;
mod streams;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use connector_tests::HANG;
use connector_tests::service::Service;

use super::{API, Answer, JSON, OPENAI, answer, get, send};

/// Concurrently, because each takes as long as the service's timeout.
#[test]
fn every_wait_for_a_caller_has_a_limit() {
    thread::scope(|scope| {
        for wait in [
            connections::idle_connections_cost_little_block_nobody_and_are_closed,
            heads::a_head_that_arrives_byte_by_byte_times_out,
            bodies::a_body_that_trickles_or_stops_times_out,
            streams::a_caller_that_does_not_read_its_events_loses_its_run,
            streams::a_caller_that_sends_requests_but_never_reads_is_disconnected,
        ] {
            scope.spawn(wait);
        }
    });
}

/// A connection to the service.
fn connect(service: &Service) -> TcpStream {
    let stream = TcpStream::connect(service.url().strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream.set_write_timeout(Some(HANG)).unwrap();
    stream
}

/// Sends these bytes, and reads until the service closes the connection.
fn raw(service: &Service, bytes: &[u8]) -> String {
    let mut stream = connect(service);
    // The service may reject the request before it has read everything.
    let _ = stream.write_all(bytes);
    rest(stream)
}

/// Everything received until the service closes the connection.
#[track_caller]
fn rest(mut stream: TcpStream) -> String {
    let mut received = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => received.extend_from_slice(&piece[..count]),
            // The service closed the connection before it had read everything.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("the connection is still open: {error}"),
        }
    }
    String::from_utf8_lossy(&received).into_owned()
}

/// The statuses of the responses received over a connection.
fn statuses(received: &str) -> Vec<u16> {
    let lines = received.split("HTTP/1.1 ").chain(received.split("HTTP/1.0 ").skip(1)).skip(1);
    lines.filter_map(|line| line.get(..3)?.parse().ok()).collect()
}

/// Asserts that the service works normally for other callers.
#[track_caller]
fn assert_serves(service: &Service) {
    assert_eq!(get(service, &format!("{API}/components")).status, 200);
}

/// How much the service's memory has grown since `before`, in KiB.
fn grown(service: &Service, before: u64) -> u64 {
    service.process().figures().memory.saturating_sub(before)
}

/// Asserts that the problem is the caller's and reveals no internals.
#[track_caller]
fn assert_refused(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text);
    answer.problem(answer.status);
    for inside in [".rs", "/tmp/", "/root", "panicked", "serde", "axum", "hyper", "sqlite"] {
        assert!(!answer.text.contains(inside), "{what}: {inside} is in {}", answer.text);
    }
}
